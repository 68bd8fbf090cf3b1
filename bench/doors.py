"""Two doors to the same work, for benches that kill: a batch over a folder, and a service over uploads."""

from __future__ import annotations

import asyncio
import subprocess
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bench.beside import HOST, MODEL, Beside, free_port, stop, until_ready
from tests.simulation.mixed import KINDS, TARGETS, target_map
from thresher.service.backend.resources import opened_resources

FLIGHT = 16  # calls at once
PAGE = 100  # uploads of one request
TENANT = "local"


@dataclass(slots=True, kw_only=True)
class Door(ABC):
    """A way to have files worked on, which may be killed and begun again in the same folder."""

    folder: Path
    files: list[Path]

    def __post_init__(self) -> None:
        """Make the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)

    def prepare(self, beside: Beside) -> None:  # noqa: B027 - a folder is there already
        """Hand over the files; nothing is asked yet."""

    @property
    @abstractmethod
    def store(self) -> Path:
        """The file of its answers."""

    @abstractmethod
    def start(self, beside: Beside) -> subprocess.Popen[bytes]:
        """Begin, or go on."""

    @abstractmethod
    def wait(self, process: subprocess.Popen[bytes]) -> None:
        """Until all is done and the process has ended."""

    @abstractmethod
    def results(self) -> dict[str, bytes]:
        """Results by name of the file."""


@dataclass(slots=True, kw_only=True)
class Batch(Door):
    """`thresher extract` over the folder that holds the files."""

    @property
    def store(self) -> Path:
        """See Door."""
        return self.folder / "out" / ".thresher" / "store.sqlite"

    def start(self, beside: Beside) -> subprocess.Popen[bytes]:
        """See Door."""
        what = ["extract", self.files[0].parent, "--target", target_map(self.folder), "--model", MODEL]
        return beside.start(self.folder / "log", *what, "--out", self.folder / "out", "--jobs", FLIGHT)

    def wait(self, process: subprocess.Popen[bytes]) -> None:
        """See Door."""
        if process.wait() not in {0, 1}:  # 1: some Results are not complete
            raise SystemExit((self.folder / "log").read_text()[-2000:])

    def results(self) -> dict[str, bytes]:
        """See Door."""
        own = {"run.json", "exceptions.jsonl"}
        files = [p for p in (self.folder / "out").glob("*.json*") if p.name not in own]
        return {p.name.removesuffix(".json"): p.read_bytes() for p in files}


@dataclass(slots=True, kw_only=True)
class Uploads(Door):
    """`thresher serve`, with the files sent to it once."""

    port: int = field(default_factory=free_port)
    jobs: list[str] = field(default_factory=list)

    @property
    def store(self) -> Path:
        """See Door."""
        return self.folder / "data" / "service.sqlite"

    def prepare(self, beside: Beside) -> None:
        """See Door."""
        process = self._serve(beside, 0)
        if not until_ready(self.port, process):
            process.kill()
            raise SystemExit((self.folder / "log").read_text()[-2000:])
        self.jobs = submit(self.port, self.files)
        stop(process)

    def start(self, beside: Beside) -> subprocess.Popen[bytes]:
        """See Door."""
        return self._serve(beside, FLIGHT)

    def _serve(self, beside: Beside, width: int) -> subprocess.Popen[bytes]:
        targets = [part for kind, where in TARGETS.items() for part in ("--target", f"{kind}={where}")]
        what = ["serve", "--folder", self.folder / "data", "--port", self.port, "--model", MODEL, "--jobs", FLIGHT]
        return beside.start(self.folder / "log", *what, "--width", width, *targets)

    def wait(self, process: subprocess.Popen[bytes]) -> None:
        """See Door."""
        until_ready(self.port, process)
        with client(self.port) as http:
            while any(http.get(f"/v1/extractions/{job}").json()["state"] == "open" for job in self.jobs):
                time.sleep(0.2)
        stop(process)

    def results(self) -> dict[str, bytes]:
        """See Door."""
        return asyncio.run(self._results())

    async def _results(self) -> dict[str, bytes]:
        async with opened_resources(self.folder / "data") as house:
            found = [o for job in self.jobs for o in await house.jobs.results(TENANT, job, limit=10_000)]
        return {o.path: o.body.encode() for o in found}


def client(port: int) -> httpx.Client:
    """A client of a service."""
    return httpx.Client(base_url=f"http://{HOST}:{port}", timeout=60, trust_env=False)


def submit(port: int, files: list[Path]) -> list[str]:
    """Send files, each kind with its target, some in one request; gives the jobs."""
    made = []
    with client(port) as http:
        for suffix, kind in KINDS.items():
            mine = [f for f in files if f.suffix == f".{suffix}"]
            for first in range(0, len(mine), PAGE):
                parts = [("file", (f.name, f.read_bytes())) for f in mine[first : first + PAGE]]
                answer = http.post("/v1/extractions", files=parts, data={"target": kind})
                answer.raise_for_status()
                made.append(answer.json()["id"])
    return made


DOORS: dict[str, type[Door]] = {"extract": Batch, "serve": Uploads}
