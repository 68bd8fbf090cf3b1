"""Keys of hosted models: which are wanted and not there is known before the first document."""

from __future__ import annotations

from pathlib import Path

import pytest

from thresher.service.cli import doctor
from thresher.service.settings import Settings
from thresher.service.wiring.endpoints import missing_keys


@pytest.mark.parametrize("name", ["embedded", "local:/a.gguf", "scripted:/a.json"])
def test_a_model_of_ones_own_wants_none(name: str, tmp_path: Path) -> None:
    """Nothing is asked of a hosted model's library for it."""
    assert missing_keys(name, Settings(home=tmp_path)) == ()


def test_a_hosted_model_wants_its_providers_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable is named while none is set; a server at an address of one's own wants none."""
    here = Settings(home=tmp_path)
    assert missing_keys("openai/gpt-4o-mini", here) == ("OPENAI_API_KEY",)
    assert missing_keys("anthropic/claude-sonnet-4-5", here) == ("ANTHROPIC_API_KEY",)
    assert missing_keys("openai/own", Settings(home=tmp_path, api_base="http://127.0.0.1:1")) == ()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-one")
    assert missing_keys("openai/gpt-4o-mini", here) == ()


def test_the_doctor_names_the_key(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`thresher doctor` ends with 1 where the model that the environment names can not be asked."""
    monkeypatch.setenv("THRESHER_MODEL", "openai/gpt-4o-mini")
    monkeypatch.setenv("THRESHER_PROVIDERS", '{"office": {"base_url": "http://x", "key_variable": "OFFICE_DOOR"}}')
    assert doctor.main() == 1
    told = capsys.readouterr().out
    assert "THRESHER_MODEL=openai/gpt-4o-mini: set OPENAI_API_KEY" in told
    assert "the server of models office: set OFFICE_DOOR" in told
