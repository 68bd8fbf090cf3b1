"""The lock looked over: hashes, hosts, licences, agreement with pyproject.toml; and known vulnerabilities where the network is there.

    python -m deploy.audit              everything; vulnerabilities are passed over loudly where they can not be asked for
    python -m deploy.audit --strict     the same, and 1 where vulnerabilities could not be asked for

The first part needs no network and runs in every test run (tests/contract/test_lock.py). Licences are read from the metadata of
what is installed, beside their texts: a package whose licence texts name the GPL must be in REVIEWED, with what was found.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.runtime_lock import PRODUCT, needed, pins

ROOT = Path(__file__).parents[1]
FREE = re.compile(
    r"(mit|mit-0|mit-cmu|apache|bsd|0bsd|isc|psf|python software foundation|cnri-python|zlib|unlicense|cc0|mpl|mozilla public)",
    re.IGNORECASE,
)
GPL = re.compile(
    r"\b(?:A|L)?GPL|GNU\s+(?:Affero\s+|Lesser\s+|Library\s+(?:or\s+Lesser\s+)?)?General\s+Public", re.IGNORECASE
)
LESSER = {  # LGPL libraries, used unmodified and as packages of their own, which a user may replace
    **dict.fromkeys(("inflate64", "multivolumefile", "py7zr", "pybcj", "pyppmd"), "LGPL-2.1, extra discovery"),
    "pebble": "LGPL-3.0, base",
    "psycopg": "LGPL-3.0, extra postgres",
    "psycopg-binary": "LGPL-3.0, extra postgres",
    "tnefparse": "LGPL-3.0, base",
}
PYTHON_TEXT = "Python's own licence text, whose history says that it agrees with the GPL"
MPL_TEXT = "MPL-2.0, whose text names secondary licences"
LLVM_TEXT = "LLVM's exception to Apache-2.0, which speaks of the GPL"
REVIEWED = {  # licence texts that name the GPL, and why the package may be here
    **{name: f"{licence}: named above" for name, licence in LESSER.items()},
    "aiohappyeyeballs": PYTHON_TEXT,
    "backports-zstd": PYTHON_TEXT,
    "et-xmlfile": PYTHON_TEXT,
    "typing-extensions": PYTHON_TEXT,
    "librt": PYTHON_TEXT,
    "mypy": PYTHON_TEXT,
    "hypothesis": MPL_TEXT,
    "pathspec": MPL_TEXT,
    "pyarrow": LLVM_TEXT,
    "lxml": "the GPL of a script for tests that is not in the wheel; iconv is LGPL-2.1",
    "numpy": "libgfortran and libquadmath of GCC, GPL-3.0 with the runtime library exception",
    "opencv-python-headless": "FFmpeg as LGPL-2.1, GCC's runtime libraries with their exception",
    "pillow": "FreeType, whose other licence (FTL) is chosen; files of xz that are not in the library",
    "pypdfium2": "build scripts of ICU with Autoconf's exception; GCC's runtime libraries with theirs",
    "shapely": "GEOS, LGPL-2.1, a library of its own in the wheel",
}
ELSEWHERE = {
    "brotlicffi": "MIT",
    "colorama": "BSD-3-Clause",
    "tzdata": "Apache-2.0",
}  # of other machines, so never installed here


def main(arguments: list[str]) -> int:
    """Print what was found; 0 when nothing was."""
    found = list(offline())
    for line in found:
        sys.stdout.write(f"audit: {line}\n")
    asked, vulnerable = vulnerabilities()
    for line in vulnerable:
        sys.stdout.write(f"audit: {line}\n")
    count = len(pins((ROOT / "requirements.lock").read_text()))
    sys.stdout.write(f"audit: {count} pins, {len(found) + len(vulnerable)} remarks\n")
    return int(bool(found or vulnerable or (not asked and "--strict" in arguments)))


def offline() -> Iterator[str]:
    """What is wrong with the lock, as far as can be told without a network."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    yield from hashes(lock)
    yield from drift(lock, project)
    names = sorted({canonicalize_name(p.name) for p in pins(lock)})
    for name in names:
        yield from licence(name)


def hashes(lock: str) -> Iterator[str]:
    """Pins without a hash; lines that name a place to fetch from."""
    for pin in pins(lock):
        if not any("--hash=sha256:" in line for line in pin.lines):
            yield f"{pin.name}: no hash"
    for line in lock.splitlines():
        if "://" in line or re.match(r"\s*(--(extra-)?index-url|--find-links|-i |-e |\S+ @ )", line):
            yield f"names a place: {line.strip()[:100]}"


def drift(lock: str, project: dict[str, object]) -> Iterator[str]:
    """Where lock and pyproject.toml disagree."""
    asked = list(_asked(project))
    held = {canonicalize_name(p.name): p for p in pins(lock)}
    for need in asked:
        pin = held.get(canonicalize_name(need.name))
        version = re.search(r"==([^ ;\\]+)", pin.lines[0]) if pin else None
        if version is None:
            yield f"{need}: not in the lock; run `make lock`"
        elif not need.specifier.contains(version[1], prereleases=True):
            yield f"{need}: the lock has {version[1]}; run `make lock`"
    names = {canonicalize_name(n.name) for n in asked}
    for name, pin in held.items():
        direct = any(by.startswith(PRODUCT.removesuffix(")")) for by in pin.asked_by)
        if direct and name not in names:
            yield f"{name}: in the lock for pyproject.toml, which no longer asks for it; run `make lock`"
    whole = {p.name for root in (PRODUCT, PRODUCT.replace(")", ":dev)")) for p in needed(pins(lock), root)}
    yield from (f"{p.name}: nothing asks for it" for p in pins(lock) if p.name not in whole)


def _asked(project: dict[str, object]) -> Iterator[Requirement]:
    """Yield what the lock is for: the product, the extras that `all` names, and the development group."""
    own = project["project"]
    groups = project["dependency-groups"]
    if not isinstance(own, dict) or not isinstance(groups, dict):
        raise TypeError("pyproject.toml")
    extras = own["optional-dependencies"]
    locked = {name for text in extras.get("all", ()) for name in Requirement(text).extras}
    texts = [
        *own["dependencies"],
        *(t for name, extra in extras.items() if name in locked for t in extra),
        *groups["dev"],
    ]
    yield from (found for text in texts if (found := Requirement(text)).name != own["name"])


def licence(name: str) -> Iterator[str]:
    """What is wrong with the licence of a package, by its metadata and by the texts beside it."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        if name not in ELSEWHERE:
            yield f"{name}: not installed, so its licence was not read"
        return
    stated = _stated(found)
    if name in LESSER:
        if not re.search(r"LGPL|Lesser", stated):
            yield f"{name}: was LGPL, is {stated!r}"
    elif GPL.search(stated) or not FREE.search(stated):
        yield f"{name}: licence {stated!r} is not among those that may be here"
    if name not in REVIEWED and any(GPL.search(text) for text in _texts(found)):
        yield f"{name}: its licence texts name the GPL: look at them, then add it to REVIEWED"


def _stated(found: Distribution) -> str:
    """The licence that the metadata states: the expression, else the classifiers, else the first line of the text."""
    data = found.metadata
    classifiers = [
        c for c in data.get_all("Classifier") or [] if c.startswith("License ::") and not c.endswith("OSI Approved")
    ]
    expression, text = (data.get_all(key) or [""] for key in ("License-Expression", "License"))
    text = (text[0] or next(_texts(found), "")).strip().splitlines()
    return expression[0] or " / ".join(classifiers) or (text[0] if text else "")


def _texts(found: Distribution) -> Iterator[str]:
    for file in found.files or []:
        if ".dist-info" in str(file) and re.search(r"licen[cs]e|copying|notice", str(file), re.IGNORECASE):
            yield Path(str(found.locate_file(file))).read_text(encoding="utf-8", errors="replace")


def vulnerabilities() -> tuple[bool, list[str]]:
    """Whether known vulnerabilities could be asked for, and those that were found. Needs pip-audit and its database."""
    program = shutil.which("pip-audit")
    if program is None:
        return _passed_over("pip-audit is not installed (pip install pip-audit, in an environment of its own)")
    command = [program, "--requirement", "requirements.lock", "--disable-pip", "--require-hashes", "--format", "json"]
    command += ["--progress-spinner", "off"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - found on PATH, no words of others
    try:
        told = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return _passed_over(f"pip-audit could not ask: {(done.stderr.strip().splitlines() or ['no word'])[-1][:200]}")
    skipped = [f"{d['name']}: not asked for ({d['skip_reason']})" for d in told if "skip_reason" in d]
    found = [f"{d['name']} {d['version']}: {v['id']}" for d in told for v in d.get("vulns", ())]
    return True, [*skipped, *found]


def _passed_over(why: str) -> tuple[bool, list[str]]:
    sys.stdout.write(f"audit: NOT CHECKED: known vulnerabilities. {why}\n")
    return False, []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
