"""An installed Thresher in a folder whose own modules are called as parts of Thresher are."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCHEMAS = "from pydantic import BaseModel\n\n\nclass Bill(BaseModel):\n    total: str | None = None\n"
PYTHON = """
for name in ("service", "chunkers"):
    try:
        __import__(name)
        raise SystemExit(name + " is not the user's own")
    except RuntimeError:
        pass
import schemas
from thresher import extract
import thresher
result = extract("bill.txt", schemas.Bill)
print(thresher.__file__, type(result.data).__module__, result.values["total"])
"""
TYPED = """
from typing import assert_type

from pydantic import BaseModel

from thresher import aextract, extract
from thresher.schemas.result import Result


class Invoice(BaseModel):
    total: str


assert_type(extract("a.pdf", Invoice), Result[Invoice])
assert_type(extract("a.pdf", Invoice).data, Invoice | None)


async def wait() -> None:
    assert_type((await aextract("a.pdf", Invoice)).data, Invoice | None)
"""
DATA = {".toml", ".md", ".sql", ".css", ".txt", ".json", ".typed"}  # of files that are read and not imported

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the tree."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """A clean environment into which pip installed the wheel: a folder with bin/ and site-packages.

    The packages that it needs come from this environment by a path file, for tests have no network: what pip would
    resolve is not tested here. Path files of this environment, such as an editable install's, are not followed from there.
    """
    folder = wheel.parent / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = str(folder / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--disable-pip-version-check", str(wheel)], check=True, capture_output=True)
    present = [p for p in sys.path if Path(p).name == "site-packages"]
    (site_of(folder) / "present.pth").write_text("\n".join(present) + "\n")
    return folder


def site_of(environment: Path) -> Path:
    """The site-packages of an environment."""
    return next(environment.glob("lib/python*/site-packages"))


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """A folder of a user with a schemas.py, a service/ and a chunkers/."""
    (tmp_path / "schemas.py").write_text(SCHEMAS)
    for name in ("service", "chunkers"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError")
    (tmp_path / "bill.txt").write_text("Invoice 12\n\nTotal: 42.00 EUR\n")
    return tmp_path


def run(command: list[str], user: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in the user's folder, with nothing of the tree on its path."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return subprocess.run(command, cwd=user, env=environment, capture_output=True, text=True, check=False)


def test_the_wheel_adds_one_name(installed: Path) -> None:
    """`thresher` alone, with its mark for type checkers."""
    ours = {"thresher", "present.pth", "pip", "setuptools", "_distutils_hack", "distutils-precedence.pth"}
    assert {p.name for p in site_of(installed).iterdir() if not p.name.endswith(".dist-info")} <= ours
    assert (site_of(installed) / "thresher" / "py.typed").is_file()


def test_files_that_are_read_are_in_the_wheel(wheel: Path) -> None:
    """Rules, languages, prompts, migrations, weights of splitting and the style of scorecards: as in the tree."""
    with zipfile.ZipFile(wheel) as packed:
        names = {name for name in packed.namelist() if Path(name).suffix in DATA and ".dist-info" not in name}
    folders = ("schemas", "chunkers", "service")
    found = {f"thresher/{p.relative_to(ROOT)}" for f in folders for p in (ROOT / f).rglob("*") if p.suffix in DATA}
    assert names == found | {"thresher/py.typed"}
    assert len(found) > 40


def test_python(user: Path, installed: Path) -> None:
    """`from thresher import extract` works, and the user's own modules are theirs."""
    done = run([str(installed / "bin" / "python"), "-c", PYTHON], user)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(site_of(installed) / "thresher" / "__init__.py"), "schemas", "42.00"]


def test_the_command(user: Path, installed: Path) -> None:
    """`thresher extract` takes a class of the user's schemas.py."""
    thresher = str(installed / "bin" / "thresher")
    done = run([thresher, "extract", "bill.txt", "--target", "schemas.py:Bill", "--out", "out"], user)
    assert done.returncode in {0, 1}, done.stderr
    assert "42.00" in (user / "out" / "bill.txt.json").read_text("utf-8")


def test_a_strict_type_checker_knows_the_result(user: Path, installed: Path) -> None:
    """`Result[Invoice].data` is `Invoice | None` to somebody who installed the wheel."""
    (user / "typed.py").write_text(TYPED)
    mypy = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(installed / "bin" / "python")]
    done = run([*mypy, "--cache-dir", str(user / "cache"), "typed.py"], user)
    assert done.returncode == 0, done.stdout + done.stderr
