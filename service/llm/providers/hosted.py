"""Chooses how a hosted model is spoken to: over OpenAI's protocol by httpx, and any other through litellm."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from thresher.service.llm.providers.litellm_transport import LitellmTransport, ready, unset
from thresher.service.llm.providers.openai_transport import KEY, OpenAiTransport, speaks_openai
from thresher.service.llm.providers.remote import Remote

if TYPE_CHECKING:
    import httpx


def transport_to(remote: Remote, through: httpx.AsyncBaseTransport | None = None) -> OpenAiTransport | LitellmTransport:
    """Return the Transport of a Remote; `through`: where its requests go instead of to its address."""
    return (OpenAiTransport if speaks_openai(remote.model) else LitellmTransport)(remote, through)


def missing_keys(model: str) -> tuple[str, ...]:
    """Return the names of the variables that a model's key may be set by, where none is set.

    Blocks for 2 to 3 seconds, once a process, where only litellm knows.
    """
    if speaks_openai(model):
        return () if os.environ.get(KEY) else (KEY,)
    return unset(ready(model), model)
