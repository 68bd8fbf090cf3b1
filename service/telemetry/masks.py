"""Mask secrets in log lines, messages and traces: known secrets by value, others by their form."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASKED_MIN_CHARS = 8  # of a secret masked by its value: shorter ones would mask ordinary words
FORMS = (
    (re.compile(r"(thr_[0-9a-f]{12}_)[A-Za-z0-9_-]+"), r"\1***"),  # a key of this service: its id stays
    (re.compile(r"\b((?:sk|pk|rk)-)[A-Za-z0-9_*-]{8,}"), r"\1***"),  # the form of most providers' keys
    (re.compile(r"(?i)\b(bearer\s+)[A-Za-z0-9._~+/-]{8,}=*"), r"\1***"),
    (re.compile(r"(://[^:/@\s]+:)[^@/\s]+(?=@)"), r"\1***"),  # a password within an address
)
_known: set[str] = set()


def add_secrets(secrets: Iterable[str]) -> None:
    """Mask these secrets from now on in this process: the operator's keys and passwords."""
    _known.update(s for s in secrets if len(s) >= MASKED_MIN_CHARS)


def masked(text: str) -> str:
    """Return a text with its secrets masked.

    >>> masked("key thr_0123456789ab_" + "x" * 43 + " was sent")
    'key thr_0123456789ab_*** was sent'
    >>> masked("postgresql://me:hush@db/x refused sk-abcdefgh1234; Authorization: Bearer abc.def-ghi")
    'postgresql://me:***@db/x refused sk-***; Authorization: Bearer ***'
    """
    for secret in sorted(_known, key=len, reverse=True):
        if secret in text:
            text = text.replace(secret, "***")
    for form, shown in FORMS:
        text = form.sub(shown, text)
    return text
