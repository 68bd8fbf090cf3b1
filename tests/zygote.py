"""Start commands of the product as forks of a process that has its modules loaded, which each would else load anew.

    Command(...)  ->  zygote  ->  a fork that waits for the command  ->  a fork that is the command

A command is a real process with its own memory, files, signals and exit code; only its imports were done before. They are
most of the processor time of a short command. What is asked about a start itself must start a process of Python's.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import inspect
import json
import os
import runpy
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, AnyStr

ROOT = Path(__file__).parents[1]
MAIN = "thresher.service.cli.main"
LIGHT = (  # what most commands import; no library among them that starts threads
    *(f"thresher.service.cli.{name}" for name in ("main", "extract", "serve", "worker", "calls", "commands")),
    *("thresher.service.server.serve", "thresher.service.readers.pool", "uvloop", "uvicorn", "pebble", "httpx"),
)
_SIZE = struct.Struct("!I")
_NUMBER = struct.Struct("!q")
_parameters = inspect.signature(subprocess.Popen._execute_child)  # type: ignore[attr-defined]


class Command(subprocess.Popen[AnyStr]):
    """A Popen of `python -m MODULE ARGUMENTS`, started by the zygote. `preload`: further modules to be loaded before."""

    def __init__(self, *arguments: object, module: str = MAIN, preload: tuple[str, ...] = (), **options: Any) -> None:
        """Start the command; `options` as of Popen: cwd, env, stdin, stdout, stderr, text, start_new_session."""
        self._preload = preload
        options.setdefault("cwd", ROOT)
        super().__init__([module, *map(str, arguments)], **options)

    def _execute_child(self, *values: Any) -> None:
        given = _parameters.bind(self, *values).arguments
        ends = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        files = [given[end] if given[end] != -1 else n for n, end in enumerate(("p2cread", "c2pwrite", "errwrite"))]
        order = {
            "words": list(given["args"]),
            "folder": str(given["cwd"] or Path.cwd()),
            "environment": dict(os.environ if given["env"] is None else given["env"]),
            "session": bool(given["start_new_session"]),
            "preload": self._preload,
        }
        self._told = _zygote().start(json.dumps(order).encode(), files)
        self.pid = _number(self._told)
        self._child_created = True
        self._close_pipe_fds(*(given[end] for end in ends))  # type: ignore[attr-defined]

    def _try_wait(self, flags: int) -> tuple[int, int]:
        if flags & os.WNOHANG:
            try:
                self._told.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
            except BlockingIOError:
                return 0, 0
        with self._told:
            return self.pid, _number(self._told)

    def _internal_poll(self, _deadstate: int | None = None) -> int | None:
        known: int | None = self.returncode
        if known is None and self._waitpid_lock.acquire(blocking=False):  # type: ignore[attr-defined]
            try:
                self._take_end()
            finally:
                self._waitpid_lock.release()  # type: ignore[attr-defined]
        return self.returncode

    def _take_end(self) -> None:
        """Note how the command ended, where it has ended and no other thread has noted it."""
        known: int | None = self.returncode
        if known is None and (ended := self._try_wait(os.WNOHANG))[0]:
            self._handle_exitstatus(ended[1])  # type: ignore[attr-defined]


def ran(
    *arguments: object, timeout: float = 300, check: bool = False, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, as `subprocess.run` with text does; in the repository, and with what it says captured."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    with Command[str](*arguments, text=True, **options) as process:
        try:
            out, error = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    done = subprocess.CompletedProcess(process.args, process.returncode, out, error)
    if check:
        done.check_returncode()
    return done


def _number(told: socket.socket) -> int:
    """Return the next number that is told. Raises EOFError where the one that tells has gone."""
    data = told.recv(_NUMBER.size, socket.MSG_WAITALL)
    if len(data) < _NUMBER.size:
        raise EOFError("the zygote has gone, or could not import what is to be loaded before")
    return int(_NUMBER.unpack(data)[0])


class _Zygote:
    """The process that forks, as seen by the one that tests. It ends with that one."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.zygote", str(theirs.fileno())],
                pass_fds=[theirs.fileno()], cwd=ROOT, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        self._turn = threading.Lock()
        atexit.register(self.close)

    def start(self, order: bytes, files: list[int]) -> socket.socket:
        """Send an order; return where the number of the process and later its end are told."""
        ours, theirs = socket.socketpair()
        with theirs, self._turn:
            socket.send_fds(self._socket, [_SIZE.pack(len(order))], [theirs.fileno(), *files])
            self._socket.sendall(order)
        return ours

    def close(self) -> None:
        self._socket.close()
        self._process.wait(60)


_started: list[_Zygote] = []
_starting = threading.Lock()


def _zygote() -> _Zygote:
    with _starting:
        if not _started:
            _started.append(_Zygote())
        return _started[0]


def _received(control: socket.socket) -> dict[str, Any] | None:
    """Wait for orders, in the zygote; an order is returned in the fork that is to be it, None at the end."""
    while True:
        head, files, _, _ = socket.recv_fds(control, _SIZE.size, 4)
        if not head:
            return None
        rest = control.recv(_SIZE.unpack(head)[0], socket.MSG_WAITALL)
        order: dict[str, Any] = json.loads(rest)
        for module in order["preload"]:
            importlib.import_module(module)
        if os.fork() == 0:
            control.close()
            if _is_child(files[0], order["session"]):
                for number, file in enumerate(files[1:]):
                    os.dup2(file, number)
                for file in files[1:]:
                    os.close(file)
                return order
        for file in files:
            os.close(file)


def _is_child(told: int, session: bool) -> bool:  # noqa: FBT001 - as JSON has it
    """Fork: return True in the child. The parent tells its number, waits for its end, tells that and ends, too."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    gate, opened = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(opened)
        os.read(gate, 1)  # nothing is done before the parent has told the number
        for file in (gate, told):
            os.close(file)
        if session:
            os.setsid()
        return True
    os.write(told, _NUMBER.pack(child))
    os.close(gate)
    os.close(opened)
    os.write(told, _NUMBER.pack(os.waitpid(child, 0)[1]))
    os._exit(0)


def main(descriptor: int) -> None:
    """Be the zygote, or the command that one fork of it is to be."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    for module in LIGHT:
        importlib.import_module(module)
    for name in ("o200k_base", "cl100k_base"):
        importlib.import_module("thresher.chunkers.tokens").counter(name)
    gc.collect()
    gc.freeze()
    order = _received(socket.socket(fileno=descriptor))
    if order is None:
        return
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(order["folder"])
    sys.path[0] = order["folder"]
    os.environ.clear()
    os.environ.update(order["environment"])
    tempfile.tempdir = None  # its environment may name another
    sys.argv = order["words"]
    sys.modules.pop(sys.argv[0], None)  # it is run anew, as by `python -m`
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
