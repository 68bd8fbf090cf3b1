"""Where a hosted model is and what it is asked with: what all transports to providers share."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from thresher.schemas.question import Message
from thresher.service.llm.structured_output import Mode

_JPEG = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """How a model is reached. What is None is left to litellm, which reads the provider's usual variables."""

    model: str  # as litellm names it: "openai/gpt-4o-mini", "anthropic/claude-sonnet-4-5", "ollama_chat/qwen3"
    mode: Mode = "json_schema"
    api_base: str | None = None
    api_key: str | None = field(default=None, repr=False)
    timeout: float = 120.0  # seconds one call may take
    options: dict[str, Any] = field(default_factory=dict)  # arguments of litellm that the user gives for every call

    @property
    def identity(self) -> str:
        """What of this can change an answer."""
        options = (json.dumps(self.options, sort_keys=True, default=str),) if self.options else ()
        return "\n".join((self.model, self.mode, self.api_base or "", *options))


def turn(message: Message) -> dict[str, Any]:
    """A message in OpenAI's form; images go in line, as PNG or JPEG."""
    if not message.images:
        return {"role": message.role, "content": message.content}
    parts: list[dict[str, Any]] = [{"type": "text", "text": message.content}]
    for image in message.images:
        kind = "jpeg" if image.startswith(_JPEG) else "png"
        url = f"data:image/{kind};base64," + base64.b64encode(image).decode("ascii")
        parts.append({"type": "image_url", "image_url": {"url": url}})
    return {"role": message.role, "content": parts}
