"""LangExtract on a generated document, for `bench.peers`: run by an interpreter that has it (`pip install langextract`).

Reads a request as JSON from standard input and prints the rows it found; nothing of this house is imported.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from typing import Any


def rows(request: dict[str, Any]) -> list[dict[str, Any]]:
    """Attributes of all extractions, in the order they are given."""
    lx = importlib.import_module("langextract")
    provider = importlib.import_module("langextract.providers.openai")
    example = lx.data.ExampleData(
        text=request["example"],
        extractions=[
            lx.data.Extraction(
                extraction_class="record", extraction_text=request["example"], attributes=request["attributes"]
            )
        ],
    )
    model = provider.OpenAILanguageModel(
        model_id="gpt-4o-mini", api_key="none", base_url=request["base"], max_workers=request["workers"]
    )
    found = lx.extract(
        text_or_documents=request["text"],
        prompt_description="Extract every record with its attributes, in the order of the text.",
        examples=[example],
        model=model,
        show_progress=False,
        max_workers=request["workers"],
        batch_length=request["workers"],
        **request["options"],
    )
    return [dict(x.attributes or {}) for x in found.extractions or []]


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        told = rows(json.load(sys.stdin))
    print(json.dumps(told))
