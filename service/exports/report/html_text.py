"""Write untrusted text as HTML that shows it and is never markup."""

from __future__ import annotations

import re
from html import escape

_UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def shown(text: str) -> str:
    r"""Return a text as HTML; characters that hide or turn text around are spelled.

    >>> print(shown("<b>\u202egnp.exe"))
    &lt;b&gt;\u202egnp.exe
    """
    return escape(_UNSHOWN.sub(lambda m: f"\\u{ord(m[0]):04x}", text))


def isolated(text: str) -> str:
    """Return a text as HTML whose direction of writing leaves its surroundings alone."""
    return f"<bdi>{shown(text)}</bdi>" if text else ""
