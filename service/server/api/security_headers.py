"""Add the headers that keep browsers from guessing a type, keeping what is private, and showing it in pages of others."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (
        b"cross-origin-resource-policy",
        b"same-origin",
    ),  # another port of this machine is another origin, though no other site
)


def with_security_headers(message: Message) -> Message:
    """Return the start of a response with these headers where it has none of its own; any other message unchanged."""
    if message["type"] != "http.response.start":
        return message
    names = {name.lower() for name, _ in message["headers"]}
    extra = [header for header in SECURITY_HEADERS if header[0] not in names]
    return {**message, "headers": [*message["headers"], *extra]}


@dataclass(slots=True)
class SecurityHeaders:
    """An ASGI application whose responses carry these headers."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""

        async def send_with_headers(message: Message) -> None:
            await send(with_security_headers(message))

        await self.app(scope, receive, send_with_headers)
