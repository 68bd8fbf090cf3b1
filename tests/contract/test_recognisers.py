"""Recognisers of more scripts: fetched when the user asks, whole or not at all; used for lines that were not read."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest

from thresher.schemas.errors import SetupProblem
from thresher.service.ocr import recognisers
from thresher.service.ocr.recognisers import RecogniserDownload, downloadable, fetch, installed


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The bytes of a recogniser of Thai that is offered."""
    data = b"a recogniser"
    offer = RecogniserDownload("https://example.org/thai.onnx", hashlib.sha256(data).hexdigest())
    monkeypatch.setattr(recognisers, "downloadable", lambda: {"thai": offer})
    return data


def opens(data: bytes) -> Any:
    """Whatever address is opened, these bytes come."""
    return lambda _: io.BytesIO(data)


def test_the_installed_library_names_what_can_be_fetched() -> None:
    """Each with an address and a checksum."""
    pytest.importorskip("rapidocr")
    found = downloadable()
    assert set(found) == set(recognisers.SCRIPTS)
    assert all(one.url.startswith("https://") and len(one.sha256) == 64 for one in found.values())


def test_a_recogniser_is_kept_when_its_checksum_is_right(offered: bytes, tmp_path: Path) -> None:
    """And is then one of those that are here."""
    assert installed(tmp_path) == {}
    path = fetch("thai", tmp_path, opens(offered))
    assert path.read_bytes() == offered
    assert installed(tmp_path) == {"thai": path}


@pytest.mark.parametrize("data", [b"", b"another", b"a recogniser and more"])
def test_anything_else_is_refused_and_nothing_is_left(offered: bytes, data: bytes, tmp_path: Path) -> None:
    """Cut short, changed, or longer."""
    assert offered
    with pytest.raises(SetupProblem, match="weights_corrupt"):
        fetch("thai", tmp_path, opens(data))
    assert list(tmp_path.iterdir()) == []


def test_no_network_and_no_such_script_are_said(offered: bytes, tmp_path: Path) -> None:
    """With the names that there are."""
    assert offered

    def _away(_: str) -> Any:
        raise OSError("no route to host")

    with pytest.raises(SetupProblem, match="no route"):
        fetch("thai", tmp_path, _away)
    with pytest.raises(SetupProblem, match="ocr:thai"):
        fetch("klingon", tmp_path, opens(b""))
    assert list(tmp_path.iterdir()) == []
