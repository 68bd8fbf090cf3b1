"""Cut the text of a mail into passages that are the same wherever the text is quoted, and hash them.

A passage ends at a blank line, where the depth of quotation changes, and round a line that introduces a quoted mail.
Where it ends depends on its own lines alone, so a mail is cut in the mails that quote it as it is cut itself. White
space and quotation marks do not count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from thresher.service.discovery.mail_keys import body_hash, normal_body
from thresher.service.readers.mail import phrases

HASH_BYTES = 8
_RULE = "-_*=— \u2013"
_INTRODUCTION_MAX_CHARS = 200  # of the line that ends with "wrote:"


def compared(text: str) -> tuple[str, bytes]:
    """Return what is compared of a mail's text: the SHA-256 of all of it, and the hashes of its passages, joined."""
    return body_hash(text), b"".join(map(_hash, passages(text)))


def passages(text: str) -> Iterator[str]:
    r"""Yield the passages of a text, without white space and quotation marks.

    >>> list(passages("Yes, I\nagree.\n\nOn 1 May, Ann wrote:\n> Shall we?\n>\n> Bob"))
    ['Yes,Iagree.', 'On1May,Annwrote:', 'Shallwe?', 'Bob']
    """
    lines: list[str] = []
    depth = 0
    for line in text.splitlines():
        bare = line.strip()
        before, depth = depth, 0
        if bare[:1] == ">":
            bare = line.lstrip("> ")
            depth, bare = line.count(">", 0, len(line) - len(bare)), bare.strip()
        if lines and (not bare or depth != before):
            yield from _normal(lines)
            lines = []
        if bare:
            lines.append(bare)
            separates = bare[0] in _RULE and _is_separator(bare)
            if separates and len(lines) > 1:
                yield from _normal(lines[:-1])
            if separates or (bare[-1] in ":：" and _is_introduction(bare)):
                yield from _normal(lines[-1:] if separates else lines)
                lines = []
    yield from _normal(lines)


def _normal(lines: list[str]) -> Iterator[str]:
    passage = normal_body("".join(lines))
    if ">" in passage:
        passage = passage.replace(">", "")
    if passage:
        yield passage


def _is_introduction(line: str) -> bool:
    """Whether a line is the end of "On … wrote:"."""
    return phrases.WROTE.search(line[-_INTRODUCTION_MAX_CHARS:]) is not None


def _is_separator(line: str) -> bool:
    """Whether a line is like "-----Original Message-----"."""
    if len(line) > phrases.LINE_MAX_CHARS:
        return False
    bare = line.strip(_RULE).rstrip(":").strip().lower()
    return bare in phrases.SEPARATORS or bare.startswith(phrases.SEPARATOR_STARTS)


def _hash(passage: str) -> bytes:
    return hashlib.blake2b(passage.encode("utf-8", "surrogatepass"), digest_size=HASH_BYTES).digest()
