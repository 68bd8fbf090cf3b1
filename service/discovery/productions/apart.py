"""Read load files in a process of its own with a limit of memory: what they hold is not trusted.

A process does one thing, sends what it finds piece by piece, and ends; the matter is written by the process that asked.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from thresher.schemas.errors import InputProblem, JobProblem, Problem
from thresher.service.discovery.loadfiles.dat_file import DatFile
from thresher.service.discovery.loadfiles.options import LoadOptions
from thresher.service.discovery.loadfiles.rows import RowBlock
from thresher.service.discovery.productions.validation import Listeners, Validation, validate
from thresher.service.discovery.productions.volume import Production
from thresher.service.readers import process_start, worker_process

MEMORY_BYTES = 3 << 30  # that the process may add: a million rows take 0.3 GiB, the longest row 1 GiB
SILENCE_SECONDS = 3600.0  # without anything found or a file hashed: then it hangs
PIECES_AT_ONCE = 200  # findings and files sent together
Emit = Callable[[Any], None]
Made = TypeVar("Made")


def validate_apart(production: Production, options: LoadOptions, listeners: Listeners | None = None) -> Validation:
    """Return the validation of a production as `validate` does. Raises InputProblem(too_large), JobProblem(worker_died)."""
    listeners = listeners or Listeners()
    heard = {name: hear for name in Listeners.__slots__ if (hear := getattr(listeners, name)) is not None}
    stream = streamed(_validated, (production, options, frozenset(heard)), PIECES_AT_ONCE)
    while True:
        try:
            name, what = next(stream)
        except StopIteration as end:
            made: Validation = end.value
            return made
        heard[name](*what)


def _validated(emit: Emit, production: Production, options: LoadOptions, wanted: frozenset[str]) -> Validation:
    hears: dict[str, Any] = {name: _teller(emit, name) for name in wanted}
    return validate(production, options, Listeners(**hears))


def _teller(emit: Emit, name: str) -> Callable[..., None]:
    return lambda *what: emit((name, what))


def blocks_apart(dat: DatFile) -> Iterator[RowBlock]:
    """Yield the rows of a load file as `DatFile.blocks` does. Raises as `validate_apart`."""
    yield from streamed(_blocks, (dat,), 1)


def _blocks(emit: Emit, dat: DatFile) -> None:
    for block in dat.blocks():
        emit(block)


# --- the process


def streamed(function: Callable[..., Made], given: tuple[Any, ...], at_once: int) -> Generator[Any, None, Made]:
    """Yield what a function emits in a process of its own; return what it returns. The process ends with the generator."""
    context = process_start.context()
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=_do, args=(send, function, given, at_once), daemon=True)  # type: ignore[attr-defined]
    process.start()
    send.close()
    try:
        while True:
            kind, what = _received(receive, process)
            if kind == "problem":
                raise what
            if kind == "made":
                made: Made = what
                return made
            yield from what
    finally:
        process.kill()
        process.join()
        receive.close()


def _received(receive: Connection, process: Any) -> tuple[str, Any]:
    if not receive.poll(SILENCE_SECONDS):
        raise JobProblem("timeout", "the load file's process")
    try:
        message: tuple[str, Any] = receive.recv()
    except EOFError:
        process.join()
        raise JobProblem("worker_died", f"the load file's process ended with {process.exitcode}") from None
    return message


def _do(send: Connection, function: Callable[..., Any], given: tuple[Any, ...], at_once: int) -> None:
    """Do the work of the process."""
    worker_process.begin()
    worker_process.limit_memory(MEMORY_BYTES)
    pieces: list[Any] = []

    def emit(piece: Any) -> None:
        pieces.append(piece)
        if len(pieces) >= at_once:
            send.send(("pieces", pieces))
            pieces.clear()

    try:
        made = function(emit, *given)
    except (Problem, OSError) as problem:
        send.send(("problem", problem))
    except MemoryError:
        send.send(("problem", InputProblem("too_large", "the load file needs more memory than the limit")))
    else:
        send.send(("pieces", pieces))
        send.send(("made", made))
