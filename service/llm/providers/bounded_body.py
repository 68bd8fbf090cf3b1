"""Read the bodies of models' responses within a bound, unpacked piece by piece: no server decides how much memory they take."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import httpx

ANSWER_BYTES = 32 << 20  # of a response at most, unpacked; a hundred times the longest answer that models give
ACCEPTED = "gzip"  # the one packing that is asked for; its pieces can be unpacked in part
_PIECE_BYTES = 1 << 16  # of unpacked bytes held at once
_ANY_HEADER = zlib.MAX_WBITS | 32  # gzip's or zlib's
Handle = Callable[[Any, "httpx.Request"], Awaitable["httpx.Response"]]


async def bounded_pieces(response: httpx.Response) -> AsyncIterator[bytes]:
    """Yield the body of a response, unpacked.

    Raises httpx.ReadError where no answer is as long, and for a packing that was not asked for.
    """
    import httpx  # noqa: PLC0415 - only for hosted models

    encoding, total = response.headers.get("content-encoding", "identity").strip().lower(), 0
    if encoding not in {"identity", "gzip", "x-gzip", "deflate"}:
        raise httpx.ReadError(f"an answer packed as {encoding[:40]}, which was not asked for")
    unpacker = None if encoding == "identity" else zlib.decompressobj(_ANY_HEADER)
    try:
        async for raw in cast("httpx.AsyncByteStream", response.stream):
            for piece in (raw,) if unpacker is None else _unpacked(unpacker, raw):
                total += len(piece)
                if total > ANSWER_BYTES:
                    raise httpx.ReadError(f"an answer of over {ANSWER_BYTES} bytes")
                yield piece
    except zlib.error as error:
        raise httpx.ReadError(f"an answer whose packing is damaged ({error})") from error


def _unpacked(unpacker: Any, raw: bytes) -> Iterator[bytes]:
    while raw and not unpacker.eof:
        yield unpacker.decompress(raw, _PIECE_BYTES)
        raw = unpacker.unconsumed_tail


def bounded(handle: Handle) -> Handle:
    """Return the `handle_async_request` of a transport, with responses that give their bodies within the bound."""
    import httpx  # noqa: PLC0415 - only for hosted models

    class Body(httpx.AsyncByteStream):
        def __init__(self, response: httpx.Response) -> None:
            self._response = response

        async def __aiter__(self) -> AsyncIterator[bytes]:
            async for piece in bounded_pieces(self._response):
                yield piece

        async def aclose(self) -> None:
            await self._response.aclose()

    async def handle_bounded(transport: Any, request: httpx.Request) -> httpx.Response:
        request.headers["Accept-Encoding"] = ACCEPTED
        response = await handle(transport, request)
        gone = {"content-encoding", "content-length"}
        headers = [(name, value) for name, value in response.headers.multi_items() if name.lower() not in gone]
        return httpx.Response(response.status_code, headers=headers, stream=Body(response), request=request)

    return handle_bounded
