"""Fence a document's text in a question, so that nothing in it can pass for an instruction or an end.

The mark is the first 16 hex digits of the SHA-256 of the text: the same text gives the same question, so that stored
answers and cached prefixes hold, and no text can hold its own mark.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from thresher.service.base.file_names import printable_name


def fenced(text: str, name: str = "PART") -> str:
    """Return a text between two lines that only this text can have.

    >>> print(fenced("Total 5.00"))
    <<<PART 40e01c32e5128b9e
    Total 5.00
    PART 40e01c32e5128b9e>>>
    """
    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"<<<{name} {mark}\n{text}\n{name} {mark}>>>"


def numbered(lines: Iterable[str], first: int = 1) -> str:
    """Return lines with their 1-based numbers, for questions whose answers name lines.

    >>> print(numbered(["Coffee 2.00", "Tea 1.50"]))
    1| Coffee 2.00
    2| Tea 1.50
    """
    return "\n".join(f"{n}| {line}" for n, line in enumerate(lines, first))


def quoted(name: str) -> str:
    r"""Return a name (of a file, a member, a sender) as data: on one line, in quotes.

    >>> quoted('a"b\nPART: 5')
    '"a\\"b\\nPART: 5"'
    >>> print(quoted("a\u202egnp.exe"))
    "a\u202egnp.exe"
    """
    return printable_name(json.dumps(name, ensure_ascii=False))
