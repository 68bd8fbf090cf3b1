"""Choose which text of a mail is its body, and convert it to plain text or HTML."""

from __future__ import annotations

import re
from dataclasses import replace

from thresher.schemas.errors import Note, note
from thresher.service.readers.mail.letter import BodyText
from thresher.service.readers.mail.outlook.rtf_bodies import encapsulated, original, to_text
from thresher.service.readers.web.html_blocks import read_page
from thresher.service.readers.web.html_hiding import may_hide_text

_STUB = re.compile(
    r"html|browser|view\s+(?:this|it|the)|can(?:no|')t\s+(?:see|read)|"  # a sentence that points to another version
    r"does\s+not\s+support|nicht\s+(?:richtig\s+)?angezeigt|navegador|navigateur|multi-?part",
    re.IGNORECASE,
)
_STUB_MAX_CHARS = 600
_TO_PLAIN = re.compile(r"plain\s+text|text\s+(?:version|part)|textversion|texte\s+brut", re.IGNORECASE)
_TABLE_MIN_ROWS = 3  # rows of a table that must not be broken up
_NUMBER_IN_PLAIN = re.compile(r"\d[\w./-]{3}")
_NUMBER = re.compile(r"(?<!\w)\w*\d[\w./-]{3,}")  # an account, an amount, a date
_AMOUNT = re.compile(r"\d(?:[.,'’\u00a0]?\d)*")
_WORD = re.compile(r"[^\W\d_]{3,}")
_PARTS_MAX = 200  # words that are looked for within others, as where a line's end parts one
_FIGURES_MIN = 3  # of a number by which two versions of a text are compared
_ADDRESS = re.compile(r"(?<!\S)\S*(?:://|www\.|@)\S*")
_PUNCTUATION = re.compile(r"[\W_]+")


def choose_version(alternatives: list[list[BodyText]], notes: list[Note]) -> list[BodyText]:
    """Choose the version of a text to read: plain or the HTML that mail programs show, whichever says more, else RTF.

    Notes are added to `notes` where the other says something else. Of several versions of one kind programs show the last; so do
    we, with a Note where an earlier one gives other numbers.

    Each version is a list of texts in order, as a part of a `multipart/alternative` may contain several.
    """
    versions = [v for v in alternatives if any(b.text.strip() for b in v)]
    plain = _last([v for v in versions if all(b.kind == "plain" for b in v)], notes)
    html = _last([v for v in versions if any(b.kind == "html" for b in v)], notes)
    if plain and html:
        return html if _is_html_to_read(_joined(plain), html, notes) else plain
    return plain or html or (versions[0] if versions else [])


def _is_html_to_read(plain: str, html: list[BodyText], notes: list[Note]) -> bool:
    """Whether the HTML is to be read: where it shows numbers or words that the plain text has not, or keeps rows together.

    The plain text is read where it says the same, or where only it has a number: a picture may stand in its place.
    """
    if _is_stub(plain, html) or _loses_rows(plain, html) or _has_hidden_number(plain, html):
        return True
    shown = _shown(html)
    if len(shown) <= _STUB_MAX_CHARS and _TO_PLAIN.search(shown):
        return False
    number, word = _own_number(plain, shown), _own_word(plain, shown)
    their_number, their_word = _own_number(shown, plain), _own_word(shown, plain)
    if their_number or (their_word and (word or not number)):
        if number or word:
            told = f"{number or word} in the plain text, {their_number or their_word} in the HTML"
            notes.append(note("versions_differ", told))
        return True
    if number:
        notes.append(note("versions_differ", f"{number} stands in the plain text alone, which was read"))
    return False


def _last(versions: list[list[BodyText]], notes: list[Note]) -> list[BodyText] | None:
    """Return the last of several versions of one kind; None where there are none."""
    for earlier in versions[:-1]:
        ours, theirs = _figures(_joined(earlier)), _figures(_joined(versions[-1]))
        if differ := ours.keys() - theirs.keys():
            notes.append(note("versions_differ", f"{ours[min(differ)]} stands only in an earlier version of the text"))
    return versions[-1] if versions else None


def _joined(version: list[BodyText]) -> str:
    return "\n".join(b.text for b in version)


def _is_stub(plain: str, html: list[BodyText]) -> bool:
    """Whether a plain text is only a stub next to a much longer HTML text."""
    plain = plain.strip()
    if len(plain) > _STUB_MAX_CHARS or len(_joined(html)) < 2 * len(plain) + 200:
        return False
    seen = sum(len(p.text) + sum(map(len, p.rows)) for b in html for p in read_page(b.text).pieces)
    return seen > (len(plain) * 3 // 2 if _STUB.search(plain) else 3 * len(plain) + 200)


def _loses_rows(plain: str, html: list[BodyText]) -> bool:
    """Whether the HTML has a table whose rows the plain text does not keep on separate lines."""
    if sum(b.text.count("<tr") + b.text.count("<TR") for b in html) < _TABLE_MIN_ROWS:
        return False
    rows = [row for b in html for p in read_page(b.text).pieces if len(p.rows) >= _TABLE_MIN_ROWS for row in p.rows]
    if not rows:
        return False
    lines = {_PUNCTUATION.sub("", line) for line in plain.splitlines()}
    joined = "\n".join(lines)
    found = sum(1 for row in rows if _PUNCTUATION.sub("", "".join(row))[:200] in joined)
    return 2 * found < len(rows)


def _has_hidden_number(plain: str, html: list[BodyText]) -> bool:
    """Whether a plain text contains a number that the HTML contains only where it is invisible."""
    texts = [b.text for b in html if b.kind == "html"]
    if not _NUMBER_IN_PLAIN.search(plain) or not any(map(may_hide_text, texts)):
        return False
    pages = list(map(read_page, texts))
    unseen = {word for page in pages for text in page.unseen for word in _NUMBER.findall(_ADDRESS.sub(" ", text))}
    shared = {word for word in unseen if word in plain}
    seen = "\n".join(p.text + "".join(map("\t".join, p.rows)) for page in pages for p in page.pieces) if shared else ""
    return any(word not in seen for word in shared)


def _own_number(text: str, other: str) -> str:
    """Return a number of a text that another has not; "" for none."""
    ours = _figures(text)
    return ours[min(own)] if (own := ours.keys() - _figures(other).keys()) else ""


def _own_word(text: str, other: str) -> str:
    """Return the first word of a text that another has not; "" for none."""
    return next(iter(_absent(_words(text), other)), "")


def missing_from(text: str, other: str) -> bool:
    """Whether a text has numbers or words that do not stand in another, whatever stands between their letters there."""
    return bool(_own_number(text, other) or _own_word(text, other))


def _absent(words: dict[str, None], text: str) -> list[str]:
    """Return the words that are not in a text, as words or parts of words; the parts are looked for within a bound."""
    plain = text.casefold()
    known = set(_WORD.findall(plain))
    left = [word for word in words if word not in known]
    return [word for i, word in enumerate(left) if i >= _PARTS_MAX or word not in plain]


def _words(text: str) -> dict[str, None]:
    """Return the words of a text outside addresses, each once, in order and in lower case."""
    return dict.fromkeys(word.casefold() for word in _WORD.findall(_ADDRESS.sub(" ", text)))


def _shown(html: list[BodyText]) -> str:
    """Return what the HTML of a version shows."""
    pages = [read_page(b.text) for b in html if b.kind == "html"]
    return "\n".join(p.text + "\n".join(map("\t".join, p.rows)) for page in pages for p in page.pieces)


def _figures(text: str) -> dict[str, str]:
    """Return the numbers of a text of three figures or more outside addresses, by their figures alone."""
    found = {re.sub(r"\D", "", number): number for number in _AMOUNT.findall(_ADDRESS.sub(" ", text))}
    return {figures: number for figures, number in found.items() if len(figures) >= _FIGURES_MIN}


def without_repeats(bodies: list[BodyText]) -> list[BodyText]:
    """Remove an HTML text that has the same letters as the plain text before it."""
    chosen: list[BodyText] = []
    for body in bodies:
        is_repeat = body.kind == "html" and chosen and chosen[-1].kind == "plain" and _same(chosen[-1].text, body.text)
        if not is_repeat:
            chosen.append(body)
    return chosen


def _same(plain: str, html: str) -> bool:
    """Whether an HTML text shows the letters and digits of a plain text, and no others."""
    seen = "".join(p.text + "".join(map("".join, p.rows)) for p in read_page(html).pieces)
    return _PUNCTUATION.sub("", seen) == _PUNCTUATION.sub("", plain)


def without_rtf(body: BodyText) -> BodyText:
    """Return the body itself; an RTF body as the HTML or text that it was made from, else as its text."""
    if body.kind != "rtf":
        return body
    rtf, kind = body.text, encapsulated(body.text)
    if kind == "html":
        return replace(body, kind="html", text=original(rtf))
    if kind == "text":
        return replace(body, kind="plain", text=original(rtf))
    text, unseen = to_text(rtf)
    return replace(body, kind="plain", text=text, unseen=unseen)
