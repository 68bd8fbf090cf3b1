"""Log lines: ids and words of the program, and nothing else unless it is asked for."""

from __future__ import annotations

import io
import json
import logging
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from thresher.schemas.errors import InputProblem, ModelProblem
from thresher.schemas.extraction import Attempt
from thresher.schemas.question import Message, Reply
from thresher.service.cli import serve, worker
from thresher.service.llm.transport import Answer
from thresher.service.settings import load
from thresher.service.telemetry import logs, masks
from thresher.service.telemetry.ids import current_task, current_tenant

TEXT = "the claimant's secret"
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Logging as pytest had it: its handlers are put away, for a new configuration closes those it finds."""
    monkeypatch.setattr(masks, "_known", set())
    root, hook = logging.getLogger(), sys.excepthook
    kept, level = list(root.handlers), root.level
    root.handlers[:] = []
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:], sys.excepthook = kept, hook
    root.setLevel(level)
    logging.getLogger("thresher").setLevel(logging.NOTSET)


def said(form: logs.Form = "json", *, content: bool = False) -> io.StringIO:
    """What is written from now on."""
    stream = io.StringIO()
    logs.configure(logs.LogOptions(level="debug", form=form, content=content), stream)
    return stream


def raised() -> Exception:
    """An error whose words hold a document's text, with a cause that does too."""
    problem = ModelProblem("model_misbehaved", TEXT)
    try:
        int(TEXT)
    except ValueError as error:
        problem.__cause__ = error
    return problem


def test_a_line_has_an_action_and_the_ids() -> None:
    """Of the task that is worked on, without anybody passing them on."""
    stream = said()
    current_tenant.set("acme")
    current_task.set("0192.3")
    logging.getLogger("thresher.service.x").info("done", extra={"action": "x.done", "seconds": 0.5})
    line = json.loads(stream.getvalue())
    assert (line["action"], line["tenant"], line["job"], line["task"]) == ("x.done", "acme", "0192", "0192.3")
    assert (line["seconds"], line["message"], line["level"]) == (0.5, "done", "info")


@pytest.mark.parametrize("form", ["json", "text"])
def test_foreign_words_are_withheld_unless_asked_for(form: logs.Form) -> None:
    """Messages of libraries, unknown fields, arguments, warnings and the words of exceptions."""
    for content in (False, True):
        stream = said(form, content=content)
        logging.getLogger("httpx").warning("sent %s", TEXT)
        logging.getLogger("thresher.service.x").error("failed", extra={"action": "x", "value": TEXT}, exc_info=raised())
        logging.getLogger("thresher.service.x").debug("%s failed", TEXT)
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(TEXT, stacklevel=1)
        sys.excepthook(ValueError, ValueError(TEXT), None)
        assert (TEXT in stream.getvalue()) is content
        assert "model_misbehaved" in stream.getvalue()
        assert "tests/unit/test_logs.py" in stream.getvalue()


def test_secrets_are_masked_even_where_content_is_shown() -> None:
    """Whatever the environment calls a key, and the password of the database."""
    settings = load({"X_API_KEY": "hushhushhush", "THRESHER_DATABASE": "postgresql://me:pass-word@db/x"})
    masks.add_secrets(settings.secrets)
    stream = said(content=True)
    logging.getLogger("lib").warning("hushhushhush at postgresql://me:pass-word@db/x")
    assert "hush" not in stream.getvalue() + repr(settings)
    assert "pass-word" not in stream.getvalue() + repr(settings)


def test_no_repr_shows_a_secret_or_a_text() -> None:
    """Of what travels between a document and a model, and of what argv says."""
    place = "postgresql://me:pass-word@db/x"
    shown = [
        Message(role="user", content=TEXT),
        Reply(text=TEXT, finish="stop", model="m", key="k"),
        Answer(response={"choices": TEXT}),
        serve.AccountsLocation(None, place),
        worker.Request(place, None, None, [], None, {}),
        load({"THRESHER_DATABASE": place, "A_TOKEN": TEXT}),
    ]
    assert not [s for s in map(repr, shown) if TEXT in s or "pass-word" in s]


def test_an_unknown_form_or_level_is_refused() -> None:
    """With the words that there are."""
    with pytest.raises(InputProblem, match="json or text"):
        logs.configure(logs.LogOptions(form="xml"))  # type: ignore[arg-type]
    with pytest.raises(InputProblem, match="debug, info"):
        logs.configure(logs.LogOptions(level="loud"))


def test_every_field_of_a_call_line_is_known() -> None:
    """What `call_telemetry` takes from an Attempt."""
    from thresher.service.llm import call_telemetry

    assert set(call_telemetry._FIELDS) <= logs.FIELDS & set(Attempt.model_fields) | {"model"}
