"""litellm's exceptions as ours: one table, which a test proves complete."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from thresher.schemas.errors import InputProblem, ModelProblem, Problem, SetupProblem
from thresher.service.llm.transport import TransientError
from thresher.service.telemetry.masks import masked

Kind = Literal[
    "passing", "timeout", "key", "overflow", "model_unknown", "model_unavailable", "model_refused", "question_rejected"
]

TABLE: dict[str, Kind] = {
    "APIConnectionError": "passing",
    "APIError": "passing",
    "APIResponseValidationError": "passing",
    "BadGatewayError": "passing",
    "InternalServerError": "passing",
    "JSONSchemaValidationError": "passing",
    "MidStreamFallbackError": "passing",
    "MockException": "passing",
    "OpenAIError": "passing",
    "RateLimitError": "passing",
    "ServiceUnavailableError": "passing",
    "VectorStoreSearchError": "question_rejected",
    "Timeout": "timeout",
    "AuthenticationError": "key",
    "PermissionDeniedError": "key",
    "ContextWindowExceededError": "overflow",
    "BudgetExceededError": "model_unavailable",
    "LiteLLMUnknownProvider": "model_unknown",
    "ModelNotMappedError": "model_unavailable",
    "NotFoundError": "model_unknown",
    "PaymentRequiredError": "model_unavailable",
    "BlockedPiiEntityError": "model_refused",
    "ContentPolicyViolationError": "model_refused",
    "GuardrailRaisedException": "model_refused",
    "ModifyResponseException": "model_refused",
    "RejectedRequestError": "model_refused",
    "SensitiveDataRouteException": "model_refused",
    "BadRequestError": "question_rejected",
    "ImageFetchError": "question_rejected",
    "InvalidRequestError": "question_rejected",
    "UnprocessableEntityError": "question_rejected",
    "UnsupportedParamsError": "question_rejected",
}
"""Every exception that litellm defines, by its name. What is not here is looked up by its bases, nearest first."""

NO_MONEY = ("insufficient_quota", "exceeded your current quota", "credit balance is too low")
"""Said with status 429 or 400 where no waiting helps."""

_NO_MODEL = re.compile(
    r"LLM Provider NOT provided|\b(?:invalid|unknown|unsupported) model\b"
    r"|\bmodel\b.{0,80}\b(?:not found|(?:does|do) not exist|not a valid model)",
    re.IGNORECASE,
)
"""Said with status 400 where others say 404."""

FORBIDDEN = (401, 403)
"""Statuses that litellm gives no kind of its own for every provider."""

_KEY = re.compile(r"api.?key|credential|authenticat", re.IGNORECASE)

MOST = 500  # characters of a provider's message that are kept


def translated(error: Exception, model: str, missing: tuple[str, ...] = ()) -> TransientError | Problem:
    """What is raised in place of a foreign exception. `missing`: settings that litellm would need for this model."""
    if missing:
        return SetupProblem("key_missing", f"{model}: set {' or '.join(missing)}")
    text = getattr(error, "message", "") or str(error) or type(error).__name__
    said = str(text).removeprefix("litellm.").removeprefix(f"{type(error).__name__}: ")
    return problem_of(kind_of(error), model, said, headers_of(error))


def problem_of(kind: Kind, model: str, text: str, headers: Mapping[str, Any] | None = None) -> TransientError | Problem:
    """What a failure of a kind is raised as; `text`: the provider's words or body, `headers`: by names in lower case."""
    said = message_of(text)
    if kind == "passing" and any(words in text for words in NO_MONEY):
        kind = "model_unavailable"
    if kind == "overflow":
        return InputProblem("context_overflow", f"{model}: {said}")
    if kind in ("passing", "timeout"):
        problem = ModelProblem("model_unavailable", f"{model}: {said}")
        return TransientError(problem, retry_after=retry_after(headers or {}), charged=kind == "timeout")
    if kind == "key":
        return SetupProblem("key_rejected", f"{model}: {said}")
    if "LLM Provider NOT provided" in said:
        said = f"whose is it? Write provider/name; openai/{model} for a server that speaks OpenAI's protocol"
    if kind == "model_unknown" or (kind == "question_rejected" and (_NO_MODEL.search(text))):
        return SetupProblem("model_unknown", f"{model}: {said}")
    return ModelProblem(kind, f"{model}: {said}")


def kind_of(error: Exception) -> Kind:
    """The row of the table for an exception; one that litellm does not know is a fault that may pass."""
    kind: Kind = next((TABLE[c.__name__] for c in type(error).__mro__ if c.__name__ in TABLE), "passing")
    return "key" if kind == "passing" and getattr(error, "status_code", None) in FORBIDDEN else kind


def about_key(error: Exception) -> bool:
    """Whether a failure may be for want of a key: some providers' clients say so with an error of no special kind."""
    return kind_of(error) == "key" or _KEY.search(str(error)) is not None


def message_of(text: str) -> str:
    """The provider's words, on one line and not too many."""
    said = masked(_plain(" ".join(text.split())))
    return said if len(said) <= MOST else said[: MOST - 1] + "…"


def _plain(text: str) -> str:
    """A message that ends in the JSON of an error, with only the message that it holds."""
    head, brace, tail = text.partition("{")
    try:
        return head + str(json.loads(brace + tail)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return text


def headers_of(error: Exception) -> Mapping[str, Any]:
    """The headers of the response that an exception stands for; empty where there was none."""
    response = getattr(error, "response", None)
    for headers in (getattr(error, "litellm_response_headers", None), getattr(response, "headers", None)):
        if headers:
            return {str(k).lower(): v for k, v in headers.items()}
    return {}


def retry_after(headers: Mapping[str, Any], now: datetime | None = None) -> float | None:
    """Seconds that a provider asks to wait (RFC 9110, 10.2.3: seconds or a date); None where it does not.

    >>> retry_after({"retry-after": "7"}), retry_after({"retry-after-ms": "250"}), retry_after({})
    (7.0, 0.25, None)
    >>> retry_after({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"}, datetime(2026, 10, 21, 7, 28, tzinfo=UTC))
    30.0
    """
    if (milliseconds := headers.get("retry-after-ms")) is not None:
        seconds = _number(str(milliseconds))
        return None if seconds is None else seconds / 1000.0
    said = headers.get("retry-after")
    if said is None or (seconds := _number(str(said))) is not None:
        return None if said is None else seconds
    try:
        until = parsedate_to_datetime(str(said))
    except ValueError:
        return None
    aware = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (aware - (now or datetime.now(UTC))).total_seconds())


def _number(text: str) -> float | None:
    """A number of seconds that is one: not negative, not infinite."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0.0 <= number < float("inf") else None
