"""The lock: every package with a hash, a licence that may be here, and in step with pyproject.toml; no network needed."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest

from deploy import audit
from deploy.runtime_lock import pins

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_lock_is_as_it_must_be() -> None:
    """Hashes, no host, licences, agreement with pyproject.toml: nothing to remark."""
    assert list(audit.offline()) == []


def test_what_is_wrong_is_told() -> None:
    """Each kind of fault is found: no hash, a host, a missing, an outdated, a forgotten and an unasked pin."""
    hashed = "    --hash=sha256:00\n"
    via = "    # via thresher (pyproject.toml)\n"
    assert list(audit.hashes("a==1 \\\n" + hashed)) == []
    assert list(audit.hashes("a==1\n")) == ["a: no hash"]
    assert next(audit.hashes("--find-links elsewhere\na==1 \\\n" + hashed)).startswith("names a place")
    project = {
        "project": {"name": "thresher", "dependencies": ["a>=2"], "optional-dependencies": {}},
        "dependency-groups": {"dev": ["b"]},
    }
    lock = f"a==1 \\\n{hashed}{via}c==1 \\\n{hashed}{via}d==1 \\\n{hashed}    # via e\n"
    said = "\n".join(audit.drift(lock, project))
    assert "a>=2: the lock has 1" in said
    assert "b: not in the lock" in said
    assert "c: in the lock for pyproject.toml" in said
    assert "d: nothing asks for it" in said
    assert list(audit.licence("no-such-package")) == ["no-such-package: not installed, so its licence was not read"]


@pytest.mark.parametrize(
    "text", ["GPL-3.0-only", "AGPL-3.0", "GNU General Public License v3", "LGPL-2.1", "Proprietary", ""]
)
def test_other_licences_may_not_be_here(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """GPL, AGPL, an LGPL that nobody looked at, and what is not known are remarks."""
    monkeypatch.setattr(audit, "_stated", lambda _: text)
    assert any("not among those" in line for line in audit.licence("pytest"))


def test_nothing_is_reviewed_that_is_not_there() -> None:
    """The lists of exceptions hold packages of the lock only."""
    names = {p.name for p in pins(LOCK)}
    assert audit.REVIEWED.keys() | audit.LESSER.keys() | audit.ELSEWHERE.keys() <= names


def fake(folder: Path, script: str) -> None:
    """A pip-audit that says what a test wants."""
    path = folder / "pip-audit"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_vulnerabilities_are_told_or_loudly_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the program or the network the run says NOT CHECKED, and --strict fails; with them, what is found is told."""
    monkeypatch.setattr(audit, "offline", lambda: iter(()))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert (audit.main([]), audit.main(["--strict"])) == (0, 1)
    assert "NOT CHECKED" in capsys.readouterr().out
    fake(tmp_path, "echo 'ConnectionError: no network' >&2; exit 1")
    assert (audit.main([]), audit.main(["--strict"])) == (0, 1)
    assert "NOT CHECKED" in capsys.readouterr().out
    fake(tmp_path, """echo '{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1"}]}]}'; exit 1""")
    assert audit.main([]) == 1
    assert "a 1: PYSEC-1" in capsys.readouterr().out
    fake(tmp_path, """echo '{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}'""")
    assert audit.main(["--strict"]) == 0
