"""Find terms of privilege in a text, outside the notices that stand under every mail.

A notice (of confidentiality, of what to do with a mail that went astray) says "privileged" whoever writes what; so a
sentence that reads like part of one is not searched. Only the sentence: what is written beside a notice is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

DEFAULT_TERMS = (
    "privileged",
    "attorney-client",
    "attorney client",
    "solicitor-client",
    "attorney work product",
    "work product",
    "prepared in anticipation of litigation",
    "legal advice",
    "advice of counsel",
    "outside counsel",
)
TERM_MAX_CHARS = 200
NOTICE_MAX_CHARS = 1_000  # a longer sentence is no notice
SHORT_LINE_CHARS = 45  # a shorter line ends a sentence: a heading, a greeting, the last line of a paragraph
_NOTICE = re.compile(
    r"intended (?:solely |only )?(?:recipient|addressee|for the (?:use|person|named|individual|addressee|exclusive))"
    r"|(?:received|sent) (?:this|the) [^.]{0,60}\bin error\b"
    r"|(?:confidentiality|privacy|privilege)(?: and [\w ]{1,30})? (?:notice|disclaimer)"
    r"|(?:this|the) (?:e-?mail|message|communication|transmission|facsimile|fax)[^.]{0,120}"
    r"(?:may (?:be|contain)|is intended|is confidential|and any (?:attachments?|files))"
    r"|information (?:contained|transmitted) (?:in|by) this"
    r"|(?:dissemination|distribution|disclosure|copying|unauthori[sz]ed)[^.]{0,160}\b(?:prohibited|forbidden)"
    r"|(?:delete|destroy)[^.]{0,60}(?:e-?mail|message|copies|communication)",
    re.IGNORECASE,
)
_QUOTE_MARKS = re.compile(r"^[>| \t]+")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]{0,2}\s+|\n+")


def term_list(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the terms that some lines say; behind a `#` are remarks."""
    found = (line.partition("#")[0].strip()[:TERM_MAX_CHARS] for line in lines)
    return tuple(dict.fromkeys(term for term in found if term))


def terms_in(texts: Iterable[str], terms: tuple[str, ...]) -> list[str]:
    r"""Return the terms that stand in texts outside notices, each once, in the order of `terms`.

    >>> notice = "This message may contain privileged material. If you received this message in error, delete it."
    >>> terms_in([f"See you at noon.\n\n{notice}"], DEFAULT_TERMS), terms_in(["This is Privileged."], DEFAULT_TERMS)
    ([], ['privileged'])
    """
    pattern = _pattern(terms)
    found = {_folded(m[0]) for text in map(_flat, texts) for m in pattern.finditer(text) if not _is_in_notice(text, m)}
    return [term for term in terms if _folded(term) in found]


def _flat(text: str) -> str:
    r"""Return a text without marks of quotes, in which wrapped lines are one; a short line keeps its end.

    >>> _flat("> Dear Ann,\n> " + "word " * 12 + "\n> on")
    'Dear Ann,\nword word word word word word word word word word word word on'
    """
    pieces: list[str] = []
    for raw in text.splitlines():
        line = " ".join(_QUOTE_MARKS.sub("", raw).split())
        pieces += [line, "\n" if len(line) < SHORT_LINE_CHARS else " "]
    return "".join(pieces[:-1])


def _is_in_notice(text: str, match: re.Match[str]) -> bool:
    """Whether the sentence around a match reads like one of a notice."""
    before, after = max(0, match.start() - NOTICE_MAX_CHARS), match.end() + NOTICE_MAX_CHARS
    start = max((m.end() for m in _SENTENCE_END.finditer(text, before, match.start())), default=before)
    end = next((m.start() for m in _SENTENCE_END.finditer(text, match.end(), after)), min(after, len(text)))
    return end - start <= NOTICE_MAX_CHARS and _NOTICE.search(text, start, end) is not None


@lru_cache(maxsize=8)
def _pattern(terms: tuple[str, ...]) -> re.Pattern[str]:
    """Return an expression for any of the terms as whole words, in any case; blanks and hyphens are alike."""
    if not terms:
        return re.compile(r"(?!)")
    longest_first = sorted(terms, key=len, reverse=True)
    words = ("[\\s\u2010\u2011-]".join(map(re.escape, re.split(r"[\s-]+", term))) for term in longest_first)
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)


def _folded(term: str) -> str:
    return " ".join(re.split(r"[\s\u2010\u2011-]+", term.casefold()))
