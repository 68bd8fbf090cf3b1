"""`thresher models`: what runs without a key, and where its weights lie."""

from __future__ import annotations

import sys

from thresher.schemas.errors import InputProblem, SetupProblem
from thresher.service.cli import screen
from thresher.service.cli.screen import Column
from thresher.service.llm.providers.embedded.hub_weights import PREFIX, Hub, path_of, pull_from_hub, pulled
from thresher.service.llm.providers.embedded.model_weights import KNOWN, find, pull
from thresher.service.ocr import recognisers
from thresher.service.settings import load
from thresher.service.wiring.endpoints import DEFAULT_MODEL, EMBEDDED_MODELS, weights_folder

OCR = "ocr:"  # before the name of a script


def listing() -> int:
    """Print a row for each model: name, size, licence, whether its weights are here, or how to fetch them."""
    folder, rows = weights_folder(load()), []
    for name, known in EMBEDDED_MODELS.items():
        weights = KNOWN[known]
        state = "here" if (folder / weights.file).exists() else "to pull"
        default = " (default)" if name == DEFAULT_MODEL else ""
        rows.append((f"{name}{default}", state, f"{weights.size / 1e6:.0f} MB", weights.licence, weights.file))
    for script in recognisers.downloadable():
        state = "here" if recognisers.file_of(script, folder).exists() else "to pull"
        rows.append((f"{OCR}{script}", state, "", "", "a recogniser for OCR"))
    for held in pulled(folder):
        size = (path_of(held, folder) or folder).stat().st_size
        rows.append((f"local:{held}", "here", f"{size / 1e6:.0f} MB", "", "pulled from the hub"))
    rows.append(("local:/path/model.gguf", "", "", "", "any GGUF file of yours"))
    rows.append(("PROVIDER/MODEL", "", "", "", "any litellm model, with its provider's key"))
    columns = [Column(name="model"), Column(name="weights"), Column(name="size", align="right"), Column(name="licence")]
    sys.stdout.write(screen.table([*columns, Column(name="what", long="cut")], rows))
    sys.stdout.write("\nTo pull: thresher models pull MODEL\n")
    return 0


def fetch(name: str, accept_terms: bool, sha256: str | None = None) -> int:  # noqa: FBT001 - a flag of the command line
    """Fetch a model's weights and check them; a second time only checks."""
    if name.startswith(PREFIX):
        return _fetch_from_hub(name, sha256)
    if sha256 is not None:
        raise InputProblem("option_invalid", f"--sha256 is for names that begin with {PREFIX}; others have theirs")
    if name.startswith(OCR):
        return _fetch_recogniser(name.removeprefix(OCR))
    known = EMBEDDED_MODELS.get(name, name)
    if known not in KNOWN:
        raise InputProblem(
            "option_invalid", f"MODEL {name}: there are {', '.join(EMBEDDED_MODELS)}, ocr:SCRIPT, hf:OWNER/REPO/FILE"
        )
    folder = weights_folder(load())
    try:
        path = find(KNOWN[known], folder)
    except SetupProblem:
        path = pull(KNOWN[known], folder, accept_terms=accept_terms)
    sys.stdout.write(f"{name}: {path}, checksum right\n")
    return 0


def _fetch_recogniser(script: str) -> int:
    """Fetch a script's recogniser from the address that the installed RapidOCR names, and check it."""
    if script not in recognisers.downloadable():
        known = ", ".join(f"{OCR}{one}" for one in recognisers.downloadable())
        raise InputProblem("option_invalid", f"MODEL {OCR}{script}: there are {known}")
    path = recognisers.fetch(script, weights_folder(load()))
    sys.stdout.write(f"{OCR}{script}: {path}, checksum right\n")
    return 0


def _fetch_from_hub(name: str, sha256: str | None) -> int:
    """Fetch a GGUF file from the hub, and say under which name it is used."""
    settings = load()
    hub = Hub(address=settings.hub, token=settings.hub_token)
    path = pull_from_hub(name, weights_folder(settings), hub, sha256.lower() if sha256 else None, _tell)
    sys.stdout.write(f"{name}: {path}, checksum right\nTo use it: --model local:{name.removeprefix(PREFIX)}\n")
    return 0


def _tell(done: int, whole: int) -> None:
    """Show on a terminal how much of a file is here."""
    if sys.stderr.isatty():
        end = "\n" if done == whole else ""
        sys.stderr.write(f"\r{done / 1e6:.0f} of {whole / 1e6:.0f} MB{end}")
