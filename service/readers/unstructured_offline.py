"""The `unstructured` library, made to work without a network and without telemetry.

Three things are set before its first import, and nothing else may import it:

- `DO_NOT_TRACK`, `SCARF_NO_ANALYTICS`: it reports each import and each call to its makers unless these are set.
- `UNSTRUCTURED_DISABLE_NOTICE`: it prints a banner unless this is set.
- its spaCy model loader, which downloads a model at first use, is replaced by a blank pipeline that only splits words
  and sentences. What is lost is its guess between a title, a narrative and other text by parts of speech; the readers
  here take headings, items and tables from the markup, where no guess is needed.

These variables are set for the library in the reading process, not read: `service/settings.py` remains the only reader
of the environment. The import takes 4 to 5 seconds, so it happens only when a file needs it.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

_QUIET = ("DO_NOT_TRACK", "SCARF_NO_ANALYTICS", "UNSTRUCTURED_DISABLE_NOTICE")


def partition_markdown(text: str) -> list[Any]:
    """The elements of Markdown text, in order. Raises ModuleNotFoundError where the library is not installed."""
    _prepare()
    from unstructured.partition.md import partition_md  # noqa: PLC0415 - heavy, and only after _prepare

    elements: list[Any] = partition_md(text=text, languages=[""])
    return elements


@cache
def _prepare() -> None:
    """Set the environment, import the library, and replace its model loader; once a process."""
    for name in _QUIET:
        os.environ[name] = "1"
    from unstructured.nlp import tokenize  # noqa: PLC0415 - heavy, and only after the environment is set

    tokenize._load_spacy_model = _blank_model  # noqa: SLF001 - the loader has no public door
    tokenize._get_nlp.cache_clear()  # noqa: SLF001 - a model loaded before would stay


def _blank_model() -> Any:
    import spacy  # noqa: PLC0415 - heavy, comes with unstructured

    model = spacy.blank("xx")
    model.add_pipe("sentencizer")
    return model
