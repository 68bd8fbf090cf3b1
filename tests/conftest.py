"""What holds for every test: no money is spent and no stranger is asked."""

from __future__ import annotations

import os

import pytest

KEYS = ("_API_KEY", "_API_BASE", "_BASE_URL", "_TOKEN", "_SECRET_ACCESS_KEY", "_ACCESS_KEY_ID")


@pytest.fixture(autouse=True)
def no_spending(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away every provider's key and address. The network itself is closed by pytest-socket, loopback excepted."""
    for name in list(os.environ):
        if name.endswith(KEYS):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
