"""What holds for every test: no money is spent, no stranger is asked, and what a run keeps goes to its own home."""

from __future__ import annotations

import gc
import itertools
import os
import socket
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_randomly
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.postgres_server import Server
    from tests.s3_server import S3Server

CHECKS = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture)
settings.register_profile("quick", max_examples=5, deadline=None, suppress_health_check=CHECKS)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=25)  # --hypothesis-profile thorough
settings.load_profile("quick")

pytest_randomly.entrypoint_reseeds = []  # or it imports, to seed it, all that spaCy stands on: a second a process
numbers = itertools.count()
KEYS = ("_API_KEY", "_API_BASE", "_BASE_URL", "_TOKEN", "_SECRET_ACCESS_KEY", "_ACCESS_KEY_ID")
WEIGHTS = Path(os.environ.get("THRESHER_HOME") or Path.home() / ".local" / "share" / "thresher") / "models"


for name in list(os.environ):  # keys and addresses of whoever runs the tests; pytest-socket closes the network itself
    if name.endswith((*KEYS, "_PROXY", "_proxy")) or (
        name.startswith(("THRESHER_", "OTEL_")) and name != "THRESHER_HOME"
    ):
        del os.environ[name]
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # or its import asks the network


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is loaded stays: the collector need not walk it again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of the test's own, which borrows the machine's weights."""
    folder = tmp_path_factory.getbasetemp() / f"home-{next(numbers)}"
    folder.mkdir()
    if WEIGHTS.is_dir():
        (folder / "models").symlink_to(WEIGHTS)
    monkeypatch.setenv("THRESHER_HOME", str(folder))
    monkeypatch.delenv("THRESHER_MODEL", raising=False)
    return folder


@pytest.fixture
def nowhere() -> Iterator[str]:
    """An address on loopback where nobody listens, and nobody can: its port is taken."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A real PostgreSQL, started when the first test asks for it."""
    from tests.postgres_server import Server

    server = Server()
    yield server
    server.close()


@pytest.fixture
def database(postgres: Server) -> str:
    """The address of an empty database of the test's own."""
    return postgres.fresh(f"test{next(numbers)}")


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """A real S3 server, started when the first test asks for it."""
    from tests.s3_server import S3Server

    server = S3Server()
    yield server
    server.close()


@pytest.fixture
def s3(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """The S3 server, and credentials for it in the environment."""
    from tests.s3_server import CREDENTIALS

    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return s3_server
