"""What runs here tells nobody that it ran."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TYPES = "from thresher.service.readers.detection.sniff import _model; _model().identify_bytes(b'a text of which nobody knows the type')"
LETTERS = (
    "from PIL.Image import new; from thresher.service.ocr.engines import engine; engine().read(new('RGB', (99, 99)))"
)
DOCTOR = "from thresher.service.cli.doctor import main; main()"


@pytest.mark.parametrize("code", [TYPES, LETTERS, DOCTOR], ids=["types", "letters", "doctor"])
def test_onnxruntime_keeps_no_book(tmp_path: Path, code: str) -> None:
    """No id of the machine and no list of uses in the home, from which its library would report them."""
    hidden = {"ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"}
    around = {k: v for k, v in os.environ.items() if k not in hidden} | {"HOME": str(tmp_path)}
    program = f"import contextlib\nwith contextlib.suppress(SystemExit):\n    {code}\nimport onnxruntime"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=around, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert [p.name for p in tmp_path.rglob("*") if p.is_file() and "onnxruntime" in str(p)] == []
