"""The published JSON Schema of the Result: the file is what the code says, and Results are what the file says."""

from __future__ import annotations

import json
from pathlib import Path

from jsonschema import Draft202012Validator

from thresher.schemas.errors import note
from thresher.schemas.published import result_schema
from thresher.service.server.api.response_models import EXAMPLE_RESULT
from thresher.service.server.api.result_pages import in_current_form, public_failure

FILE = Path(__file__).parents[2] / "docs" / "result.schema.json"


def test_the_file_is_up_to_date() -> None:
    """After a change of the Result: `python -m thresher.schemas.published > docs/result.schema.json`."""
    assert json.loads(FILE.read_text("utf-8")) == result_schema()


def test_a_result_fits_it() -> None:
    """A Result as it is written validates, and one that is no Result does not."""
    judge = Draft202012Validator(result_schema())
    assert list(judge.iter_errors(EXAMPLE_RESULT["results"][0])) == []
    assert list(judge.iter_errors({"status": "done"})) != []


def test_a_kept_result_of_the_first_form_is_served_in_todays() -> None:
    """What a service kept before an upgrade has `data`, `reasons` and no `draft`; what it kept since is left as it is."""
    source = '"source":{"path":"a","sha256":"","media_type":"text/plain"},"target":{"name":"t","fingerprint":""}'
    old = f'{{"thresher":"0.1.0",{source},"status":"partial","data":null,"draft":{{"total":42.50}}}}'
    body = in_current_form(old)
    assert '"data":{"total":42.50}' in body
    assert list(Draft202012Validator(result_schema()).iter_errors(json.loads(body))) == []
    assert in_current_form(body.replace('"0.1.0"', '"0.2.0"')) == body.replace('"0.1.0"', '"0.2.0"')


def test_a_callers_view_of_the_operators_faults() -> None:
    """Where a model is, and what its provider said of the key, is not for callers; the code and the remedy are."""
    away = public_failure(note("model_unreachable", "http://10.0.0.7:8000/v1"))
    assert away is not None
    assert (away.code, "10.0.0.7" in away.message) == ("model_unreachable", False)
    assert public_failure(note("corrupt", "page 3")) == note("corrupt", "page 3")
