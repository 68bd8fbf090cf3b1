"""List, fetch and find recognisers of scripts that the OCR extra does not carry.

RapidOCR's wheel names a file and its SHA-256 for each. Nothing is fetched unless the user asks for it by name
(`thresher models pull ocr:SCRIPT`), and no file with another checksum is kept.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from thresher.schemas.errors import SetupProblem

BUILT_IN_SCRIPTS = ("latin", "chinese", "japanese")  # scripts that the recogniser in the wheel reads
TABLE = "PP-OCRv5"
SCRIPTS = {  # script: the language whose recogniser in RapidOCR's table reads it
    "arabic": "arabic",
    "cyrillic": "cyrillic",
    "devanagari": "devanagari",
    "greek": "el",
    "korean": "korean",
    "tamil": "ta",
    "telugu": "te",
    "thai": "th",
}
MAX_BYTES = 200_000_000
BLOCK_BYTES = 1 << 20

Opens = Callable[[str], Any]  # takes a URL, returns a context manager of an open binary file


@dataclass(frozen=True, slots=True)
class RecogniserDownload:
    """The URL of a recogniser, and its SHA-256 in hexadecimal."""

    url: str
    sha256: str


@cache
def downloadable() -> dict[str, RecogniserDownload]:
    """Return the scripts that can be fetched, from the installed RapidOCR's table.

    Returns none where RapidOCR is not installed.
    """
    spec = find_spec("rapidocr")
    if spec is None or spec.origin is None:
        return {}
    import yaml  # noqa: PLC0415 - comes with RapidOCR

    table = yaml.safe_load(Path(spec.origin).with_name("default_models.yaml").read_text("utf-8"))
    rows = table.get("onnxruntime", {}).get(TABLE, {}).get("rec", {})
    named = {script: rows.get(f"{language}_{TABLE}_rec_mobile") for script, language in SCRIPTS.items()}
    return {script: RecogniserDownload(row["model_dir"], row["SHA256"]) for script, row in named.items() if row}


def file_of(script: str, folder: Path) -> Path:
    """Return the path of a script's recogniser in a folder."""
    return folder / f"ocr-{script}.onnx"


def installed(folder: Path) -> dict[str, Path]:
    """Return the recognisers in a folder, by script."""
    return {script: path for script in SCRIPTS if (path := file_of(script, folder)).is_file()}


def fetch(script: str, folder: Path, opens: Opens | None = None) -> Path:
    """Fetch a recogniser, check its checksum, and return its file.

    Raises SetupProblem(weights_missing, weights_corrupt).
    """
    from urllib.request import urlopen  # noqa: PLC0415 - the network's modules, when the user asks for a file

    offer = downloadable().get(script)
    if offer is None:
        known = ", ".join(f"ocr:{name}" for name in downloadable()) or "none without thresher[ocr]"
        raise SetupProblem("weights_missing", f"ocr:{script} is not known; there are {known}")
    path = file_of(script, folder)
    folder.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(suffix=".part", dir=folder)
    try:
        with os.fdopen(handle, "wb") as out, (opens or urlopen)(offer.url) as answer:
            found = _copied(answer, out)
        if found != offer.sha256:
            raise SetupProblem("weights_corrupt", f"ocr:{script} as downloaded")
        Path(part).replace(path)
    except OSError as error:
        raise SetupProblem("weights_missing", f"ocr:{script} could not be fetched ({error})") from error
    finally:
        Path(part).unlink(missing_ok=True)
    return path


def _copied(answer: IO[bytes], out: IO[bytes]) -> str:
    """Copy at most MAX_BYTES, and return the SHA-256 of what was copied."""
    digest, left = hashlib.sha256(), MAX_BYTES
    while left > 0 and (block := answer.read(min(BLOCK_BYTES, left))):
        left -= len(block)
        digest.update(block)
        out.write(block)
    return digest.hexdigest()


_folder: list[Path] = []  # of this process's recognisers; empty where it has none


def use_folder(folder: str | None) -> None:
    """Set the folder of further recognisers for this process."""
    _folder[:] = [Path(folder)] if folder else []


def usable() -> dict[str, Path]:
    """Return the recognisers that this process may use, by script."""
    return installed(_folder[0]) if _folder else {}
