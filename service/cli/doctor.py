"""`thresher doctor`: what is installed, what is missing, and the remedy."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from thresher.schemas.errors import SetupProblem
from thresher.schemas.result import VERSION
from thresher.service.llm.providers.embedded.model_weights import KNOWN, find
from thresher.service.ocr import recognisers
from thresher.service.ocr.further_scripts import scripts_of
from thresher.service.ocr.tesseract import languages
from thresher.service.settings import load
from thresher.service.wiring.endpoints import DEFAULT_MODEL, EMBEDDED_MODELS, missing_keys, weights_folder

PARTS = (  # import name, distribution, what it is for, the extra that brings it
    ("pypdfium2", "pypdfium2", "PDF", "base"),
    ("litellm", "litellm", "hosted models", "base"),
    ("httpx", "httpx", "hosted models", "base"),
    ("xllamacpp", "xllamacpp", "the embedded model", "base"),
    ("rapidocr", "rapidocr", "OCR", "thresher[ocr]"),
    ("onnxruntime", "onnxruntime", "OCR, types", "thresher[ocr]"),
    ("zxingcpp", "zxing-cpp", "QR and bar codes", "thresher[ocr]"),
    ("markdown_it", "markdown-it-py", "Markdown", "base"),
    ("openpyxl", "openpyxl", "workbooks", "thresher[office]"),
    ("unstructured", "unstructured", "--reader unstructured", "thresher[unstructured]"),
    ("pyarrow", "pyarrow", "Parquet", "thresher[parquet]"),
    ("obstore", "obstore", "uploads in S3", "thresher[s3]"),
    ("fastapi", "fastapi", "the HTTP service", "thresher[serve]"),
    ("psycopg", "psycopg", "PostgreSQL", "thresher[postgres]"),
)
NEEDS_SYSTEM_LIBRARIES = (
    "xllamacpp",
    "onnxruntime",
    "psycopg",
)  # stand on libraries of the system, which may be missing


def main() -> int:
    """Print a line for each part; return 1 if any line says missing, else 0."""
    sys.stdout.write(f"thresher {VERSION}, Python {sys.version.split()[0]}\n")
    lines = [*_packages(), _weights(), _tesseract(), _scripts(), *_key()]
    for state, text in lines:
        sys.stdout.write(f"{state:>8}  {text}\n")
    return int(any(state == "missing" for state, _ in lines))


def _packages() -> Iterator[tuple[str, str]]:
    for module, name, use, extra in PARTS:
        if find_spec(module) is None:
            state = "missing" if extra == "base" else "optional"
            yield state, f"{name}, for {use}: install {'thresher' if extra == 'base' else extra}"
            continue
        if module in NEEDS_SYSTEM_LIBRARIES and (why := _broken(module)):
            yield "missing", f"{name}, for {use}: {why}"
            continue
        try:
            yield "ok", f"{name} {version(name)}, for {use}"
        except PackageNotFoundError:
            yield "ok", f"{name}, for {use}"


def _broken(module: str) -> str | None:
    """Return why an installed module cannot be imported, None where it can."""
    try:
        import_module(module)
    except ImportError as error:
        return f"{error} (libgomp: apt install libgomp1)" if "gomp" in str(error) else str(error)
    return None


def _weights() -> tuple[str, str]:
    try:
        return (
            "ok",
            f"weights of the embedded model: {find(KNOWN[EMBEDDED_MODELS[DEFAULT_MODEL]], weights_folder(load()))}",
        )
    except SetupProblem as problem:
        return "missing", f"{problem.code}: {problem.message}"


def _key() -> Iterator[tuple[str, str]]:
    """Whether THRESHER_MODEL and the named servers have their keys; nothing of a model of our own."""
    settings = load()
    if settings.model is not None and (wanted := missing_keys(settings.model, settings)):
        yield "missing", f"a key for THRESHER_MODEL={settings.model}: set {', '.join(wanted)}"
    for server in settings.providers:
        lacks = server.key_variable is not None and server.key is None
        why = f"set {server.key_variable}" if lacks else f"ask it as {server.name}/{(server.models or ('MODEL',))[0]}"
        yield "missing" if lacks else "ok", f"the server of models {server.name}: {why}"


def _tesseract() -> tuple[str, str]:
    path = shutil.which("tesseract")
    if not path:
        return "optional", "tesseract, a second OCR engine: install it to use it"
    return "ok", f"tesseract: {path}, languages {', '.join(languages(path)) or 'none'}"


def _scripts() -> tuple[str, str]:
    """Return which scripts OCR can read here, and which it could."""
    if find_spec("rapidocr") is None:
        return "optional", "scripts that OCR reads: none, install thresher[ocr]"
    more = recognisers.installed(weights_folder(load()))
    binary = shutil.which("tesseract")
    by_tesseract = [
        f"{script} (tesseract)" for script in scripts_of(languages(binary) if binary else []) if script not in more
    ]
    others = [f"ocr:{script}" for script in recognisers.downloadable() if script not in more]
    rest = f"; more with `thresher models pull`: {', '.join(others)}" if others else ""
    return "ok", f"scripts that OCR reads: {', '.join((*recognisers.BUILT_IN_SCRIPTS, *more, *by_tesseract))}{rest}"
