"""GGUF files come from a hub whole and checked, or not at all; over real HTTP on loopback."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.hub_server import BYTES, NAME, HubServer, hub_server
from thresher.schemas.errors import InputProblem, Problem, SetupProblem
from thresher.schemas.policy import Policy
from thresher.service.cli.main import app
from thresher.service.llm.providers.embedded.hub_weights import Hub, pull_from_hub, pulled
from thresher.service.settings import load
from thresher.service.wiring.endpoints import endpoint_of

RIGHT, WRONG = hashlib.sha256(BYTES).hexdigest(), "0" * 64


def pull(hub: HubServer, folder: Path, name: str = f"hf:{NAME}", sha256: str | None = None) -> Path:
    """Pull from this hub."""
    return pull_from_hub(name, folder, Hub(address=hub.address, token=hub.needs_token), sha256)


def refused(hub: HubServer, folder: Path, name: str = f"hf:{NAME}", sha256: str | None = None) -> Problem:
    """The Problem of a pull that is refused."""
    with pytest.raises(Problem) as found:
        pull(hub, folder, name, sha256)
    return found.value


def test_a_file_is_pulled_and_then_only_checked(tmp_path: Path) -> None:
    """It lies under its name and nothing else is left; a second pull asks nobody, and mends a file that was damaged."""
    with hub_server() as hub:
        path = pull(hub, tmp_path)
        assert path.read_bytes() == BYTES
        assert pulled(tmp_path) == [NAME]
        assert not list(tmp_path.rglob("*.part"))
        hub.asked.clear()
        assert pull(hub, tmp_path, sha256=RIGHT) == pull(hub, tmp_path) == path
        assert hub.asked == []
        path.write_bytes(BYTES[:-1])
        assert pull(hub, tmp_path).read_bytes() == BYTES


def test_broken_connections_are_gone_on_from(tmp_path: Path) -> None:
    """Twice in one pull; where nothing more comes, the next pull takes what is here and asks for the rest alone."""
    with hub_server(cuts=[700_000, 300_000, 0]) as hub:
        problem = refused(hub, tmp_path)
        assert (problem.code, f"1000000 of {len(BYTES)}" in problem.message) == ("weights_missing", True)
        hub.asked.clear()
        assert pull(hub, tmp_path).read_bytes() == BYTES
        assert [r for method, path, r, _ in hub.asked if method == "GET" and "blob" in path] == ["bytes=1000000-"]


def test_a_server_without_ranges_gives_the_whole_again(tmp_path: Path) -> None:
    """What was here is written over, not appended to."""
    with hub_server(cuts=[700_000], ranges=False) as hub:
        assert pull(hub, tmp_path).read_bytes() == BYTES


@pytest.mark.parametrize(("stated", "given"), [(WRONG, None), (WRONG, RIGHT), (RIGHT, WRONG)])
def test_a_wrong_checksum_leaves_nothing(tmp_path: Path, stated: str, given: str | None) -> None:
    """Whether the hub's own or the caller's is another; where the two differ, nothing is fetched at all."""
    with hub_server(stated=stated) as hub:
        assert refused(hub, tmp_path, sha256=given).code == "weights_corrupt"
        assert bool(given) == all(method == "HEAD" for method, *_ in hub.asked)
    assert not list(tmp_path.rglob("*.gguf*"))


def test_a_hub_that_states_no_checksum(tmp_path: Path) -> None:
    """The caller must state it."""
    with hub_server(states_checksum=False) as hub:
        assert "--sha256" in refused(hub, tmp_path).message
        assert pull(hub, tmp_path, sha256=RIGHT).read_bytes() == BYTES


def test_a_token_stays_with_the_hub(tmp_path: Path) -> None:
    """It is sent to the hub, and not to the host that it redirects to; without it the message says what to do."""
    with hub_server(needs_token="hf_secret") as hub:
        pull(hub, tmp_path)
        sent = {(path.startswith("/blob"), key) for _, path, _, key in hub.asked}
        assert sent == {(False, "Bearer hf_secret"), (True, "")}
        with pytest.raises(SetupProblem, match=r"GatedRepo.*HF_TOKEN"):
            pull_from_hub(f"hf:{NAME}", tmp_path / "other", Hub(address=hub.address))


def test_a_repository_that_was_renamed(tmp_path: Path) -> None:
    """The hub redirects to the new name."""
    with hub_server() as hub:
        assert pull(hub, tmp_path, "hf:old/tiny-gguf/tiny.Q4.gguf").read_bytes() == BYTES


def test_a_hub_on_https_never_leads_to_http() -> None:
    """Nor is one believed that is on HTTP beyond loopback."""
    from thresher.service.llm.providers.embedded import hub_weights as module

    with (
        pytest.raises(SetupProblem, match="refused"),
        module._client(Hub(address="https://hub.example")) as client,
    ):
        client.get("http://127.0.0.1:9/")
    for address in ("http://hub.example", "http://127.0.0.1.hub.example"):
        with pytest.raises(SetupProblem, match="setting_invalid"):
            load({"THRESHER_HUB": address})


@pytest.mark.parametrize("name", ["hf:acme/x.gguf", "hf:acme/../../x.gguf", "hf:acme/tiny/x.bin", "hf:/a/b/c.gguf"])
def test_names_that_are_none(tmp_path: Path, name: str) -> None:
    """No name leaves the folder, and only GGUF files are fetched."""
    with pytest.raises(InputProblem, match="option_invalid"):
        pull_from_hub(name, tmp_path, Hub(address="http://127.0.0.1:9"))


def test_the_command_and_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`thresher models pull hf:…` says under which name the file is used; that name is a model, and stands in the list."""
    monkeypatch.setenv("THRESHER_HOME", str(tmp_path))
    with hub_server() as hub:
        monkeypatch.setenv("THRESHER_HUB", hub.address)
        done = CliRunner().invoke(app, ["models", "pull", f"hf:{NAME}"])
        missing = CliRunner().invoke(app, ["models", "pull", "hf:acme/tiny-gguf/other.gguf"])
    assert (done.exit_code, f"--model local:{NAME}" in done.output) == (0, True)
    assert (missing.exit_code, "404 (EntryNotFound)" in missing.output) == (3, True)
    assert f"local:{NAME}" in CliRunner().invoke(app, ["models", "list"]).output
    assert endpoint_of(f"local:{NAME}", Policy(), load()).identity.startswith("local:")
    with pytest.raises(InputProblem, match=r"nor pulled as hf:acme/tiny-gguf/other\.gguf"):
        endpoint_of("local:acme/tiny-gguf/other.gguf", Policy(), load())
