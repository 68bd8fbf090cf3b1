"""`thresher models`: what runs without a key, and where its weights lie."""

from __future__ import annotations

import sys

from thresher.schemas.errors import InputProblem, SetupProblem
from thresher.service.llm.providers.embedded.model_weights import KNOWN, find, pull
from thresher.service.ocr import recognisers
from thresher.service.settings import load
from thresher.service.wiring import DEFAULT_MODEL, EMBEDDED_MODELS, weights_folder

OCR = "ocr:"  # before the name of a script


def listing() -> int:
    """Print a line for each model: name, size, licence, whether its weights are here."""
    folder = weights_folder(load())
    for name, known in EMBEDDED_MODELS.items():
        weights = KNOWN[known]
        state = "here" if (folder / weights.file).exists() else f"thresher models pull {name}"
        default = " (default)" if name == DEFAULT_MODEL else ""
        sys.stdout.write(f"{name}{default}  {weights.file}  {weights.size / 1e6:.0f} MB  {weights.licence}  {state}\n")
    for script in recognisers.downloadable():
        state = "here" if recognisers.file_of(script, folder).exists() else f"thresher models pull {OCR}{script}"
        sys.stdout.write(f"{OCR}{script}  a recogniser for OCR  {state}\n")
    sys.stdout.write("local:/path/model.gguf  any GGUF file\nANY  any litellm model string, with its provider's key\n")
    return 0


def fetch(name: str, accept_terms: bool) -> int:  # noqa: FBT001 - a flag of the command line
    """Fetch a model's weights and check them; a second time only checks."""
    if name.startswith(OCR):
        return _fetch_recogniser(name.removeprefix(OCR))
    known = EMBEDDED_MODELS.get(name, name)
    if known not in KNOWN:
        raise InputProblem("file_not_found", f"no model is named {name}; there are {', '.join(EMBEDDED_MODELS)}")
    folder = weights_folder(load())
    try:
        path = find(KNOWN[known], folder)
    except SetupProblem:
        path = pull(KNOWN[known], folder, accept_terms=accept_terms)
    sys.stdout.write(f"{name}: {path}, checksum right\n")
    return 0


def _fetch_recogniser(script: str) -> int:
    """Fetch a script's recogniser from the address that the installed RapidOCR names, and check it."""
    path = recognisers.fetch(script, weights_folder(load()))
    sys.stdout.write(f"{OCR}{script}: {path}, checksum right\n")
    return 0
