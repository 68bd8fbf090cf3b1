"""Take the marks of replies and forwards off a subject: the base subject of RFC 5256, with prefixes of other languages."""

from __future__ import annotations

import re
import unicodedata

_SUBJECT_MAX_CHARS = 1000
_PREFIXES = "re|fwd?|aw|antw|wg|sv|vs|tr|rif|enc|res|odp|pd|r|i|vl|vb|rv|ynt|ilt|bls|doorst|отв|пересл|回复|回覆|答复|转发|轉寄|返信|転送"
_BLOB = r"\[[^\[\]]{0,200}\]\s*"
_LEADER = re.compile(
    rf"(?:{_BLOB}){{0,5}}(?:{_PREFIXES})\s*(?:\[[^\[\]]{{0,20}}\]|\(\d{{1,4}}\)|\^?\d{{1,4}})?\s*[:：]\s*"
)
_LEADING_BLOB = re.compile(_BLOB)
_TRAILER = re.compile(r"\s*\((?:fwd?|wg|tr)\)\s*$")
_WRAPPED = re.compile(r"^\[(?:fwd?|wg|tr):\s*(.*)\]$")
_SPACES = re.compile(r"\s+")


def base_subject(subject: str) -> tuple[str, bool]:
    """Return the base subject in lower case, and whether the subject is that of a reply or a forward.

    >>> base_subject("AW: Re: [legal] Budget  2001 (fwd)"), base_subject("Budget 2001")
    (('budget 2001', True), ('budget 2001', False))
    """
    text = unicodedata.normalize("NFC", _SPACES.sub(" ", subject[:_SUBJECT_MAX_CHARS]).strip()).lower()
    answers = False
    while True:
        before = text
        text, trailed = _TRAILER.subn("", text)
        while found := _LEADER.match(text):
            text, answers = text[found.end() :], True
        found = _LEADING_BLOB.match(text)
        if found and text[found.end() :].strip():
            text = text[found.end() :]
        wrapped = _WRAPPED.match(text)
        if wrapped:
            text, answers = wrapped[1].strip(), True
        answers = answers or bool(trailed)
        if text == before:
            return text.strip(), answers
