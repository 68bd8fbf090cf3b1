"""Start worker processes by a fork from a clean, single-threaded server that has the light modules loaded.

Little but the standard library is imported here, so that the server can be started before anything else. No process looks
for modules in the working folder (see `child_python.py`).
"""

from __future__ import annotations

from multiprocessing import forkserver, get_all_start_methods, spawn
from multiprocessing.context import BaseContext, ForkServerContext, ForkServerProcess, SpawnContext, SpawnProcess
from threading import Lock
from typing import Any

from thresher.service.base.child_python import safe_children

_PRELOAD = [
    "thresher.service.readers.worker_process",
    "thresher.service.readers.registry",
    "thresher.service.readers.mail.eml_reader",
    "thresher.service.readers.mail.mbox_reader",
    "thresher.service.readers.text.plain_reader",
    "thresher.service.readers.text.csv_reader",
]  # the modules that read a plain text or a mail
_starting = Lock()


class _Process(ForkServerProcess):
    """A process that does not import the caller's main module, so that a script needs no `if __name__` guard."""

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802 - the name that multiprocessing calls
        with _starting, safe_children():
            real = spawn.get_preparation_data
            spawn.get_preparation_data = lambda name: _without_main(real(name))
            try:
                return ForkServerProcess._Popen(process_obj)  # noqa: SLF001 - the only hook
            finally:
                spawn.get_preparation_data = real


def _without_main(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if not key.startswith("init_main_from")}


class _Context(ForkServerContext):
    Process = _Process


class _SpawnedProcess(SpawnProcess):
    """A process where there is no server."""

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802 - as above
        with _starting, safe_children():
            return SpawnProcess._Popen(process_obj)  # noqa: SLF001 - as above


class _SpawnContext(SpawnContext):
    Process = _SpawnedProcess


def context() -> BaseContext:
    """Return the multiprocessing context that starts workers on this system."""
    if "forkserver" not in get_all_start_methods():
        return _SpawnContext()
    from multiprocessing import resource_tracker  # noqa: PLC0415 - not on every system

    made = _Context()
    made.set_forkserver_preload(_PRELOAD)
    with _starting, safe_children():
        resource_tracker.ensure_running()  # a lock of a pool would start it, before any process
    return made


def start_server() -> None:
    """Start the server now, so that it loads its modules in parallel. Does not wait."""
    if isinstance(context(), _Context):
        with _starting, safe_children():
            forkserver.ensure_running()
