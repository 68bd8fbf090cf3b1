"""Receive the messages of a processing process in a thread, so that the event loop neither waits nor touches the connection."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from multiprocessing.connection import Connection

from thresher.service.backend.processing.messages import DoneMessage, QuestionMessage
from thresher.service.base.gc_pause import gc_paused

Message = QuestionMessage | DoneMessage


class Inbox:
    """The messages of one UnitOrder, in order."""

    def __init__(self) -> None:
        """Belong to the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Message | BaseException] = asyncio.Queue()

    def listen(self, line: Connection) -> threading.Thread:
        """Receive until an UnitOrder is done, or its process has ended."""
        thread = threading.Thread(target=self._receive, args=(line,), name="processing", daemon=True)
        thread.start()
        return thread

    async def next(self) -> Message:
        """Return the next message. Raises EOFError and OSError where the process ended, and what was put as a fault."""
        message = await self._queue.get()
        if isinstance(message, BaseException):
            raise message
        return message

    def put_fault(self, task: asyncio.Task[None]) -> None:
        """Let what a task raised end the UnitOrder: its process would wait for a reply for ever."""
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._queue.put_nowait(fault)

    def _receive(self, line: Connection) -> None:
        message: Message | Exception | None = None
        while message is None or isinstance(message, QuestionMessage):
            try:
                message = _received(line)
            except Exception as error:  # noqa: BLE001 - it is for the one who waits for the message
                message = error
            with suppress(RuntimeError):  # the event loop has ended
                self._loop.call_soon_threadsafe(self._queue.put_nowait, message)


@gc_paused()
def _received(line: Connection) -> Message:
    """Return a message: for many small objects that are all kept, the collector would stop the other threads for long."""
    message: Message = line.recv()
    return message
