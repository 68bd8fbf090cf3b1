"""Publish the JSON Schema of the Result, as docs/result.schema.json and over HTTP at /v1/schemas/result.

To write the file anew after a change: `python -m thresher.schemas.published > docs/result.schema.json`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from thresher.schemas.result import FORM, AnyResult


def result_schema() -> dict[str, Any]:
    """Return the JSON Schema of a Result in its present form."""
    schema = AnyResult.model_json_schema(mode="serialization")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"Thresher Result, form {FORM}"}
    return head | {key: value for key, value in schema.items() if key != "title"}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(result_schema(), indent=2) + "\n")
