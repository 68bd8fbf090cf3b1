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
PYTHON = f"""
import sys
sys.path = [p for p in sys.path if p != {str(ROOT)!r}]
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
COMMAND = f"""
import sys
sys.path = [p for p in sys.path if p != {str(ROOT)!r}]
from thresher.service.cli.main import main
main()
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the unpacked wheel, as site-packages does."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(folder / "site")
    return folder / "site"


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """A folder of a user with a schemas.py, a service/ and a chunkers/."""
    (tmp_path / "schemas.py").write_text(SCHEMAS)
    for name in ("service", "chunkers"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError")
    (tmp_path / "bill.txt").write_text("Invoice 12\n\nTotal: 42.00 EUR\n")
    return tmp_path


def run(code: str, user: Path, installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the user's folder with the installed wheel before everything else but the folder itself."""
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=user, env=environment, capture_output=True, text=True, check=False)


def test_the_wheel_adds_one_name(installed: Path) -> None:
    """`thresher` alone, with its mark for type checkers."""
    assert [p.name for p in installed.iterdir() if not p.name.endswith(".dist-info")] == ["thresher"]
    assert (installed / "thresher" / "py.typed").is_file()


def test_python(user: Path, installed: Path) -> None:
    """`from thresher import extract` works, and the user's own modules are theirs."""
    done = run(PYTHON, user, installed)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(installed / "thresher" / "__init__.py"), "schemas", "42.00"]


def test_the_command(user: Path, installed: Path) -> None:
    """`thresher extract` takes a class of the user's schemas.py."""
    done = run(COMMAND, user, installed, "extract", "bill.txt", "--target", "schemas.py:Bill", "--out", "out")
    assert done.returncode in {0, 1}, done.stderr
    assert "42.00" in (user / "out" / "bill.txt.json").read_text("utf-8")
