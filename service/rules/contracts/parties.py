"""Find the parties of a contract, with the role, seat and signatory of each."""

from __future__ import annotations

import re
from dataclasses import replace

from thresher.schemas.target import Field, Target
from thresher.service.rules.contracts.preamble_names import with_introduced_parties
from thresher.service.rules.fields.wording import plain, words_of
from thresher.service.rules.spans.line_pieces import Layout
from thresher.service.rules.spans.scalar_lists import list_spans
from thresher.service.rules.spans.span import Span
from thresher.service.rules.spans.span_finder import candidates

Item = dict[str, Span]  # by field path
PREAMBLE_CHARS = 8000  # characters at the beginning in which a contract introduces its parties
DESCRIPTION_CHARS = 600  # characters after a party's name that are searched for its description
_CALLED_LEAD = r"(?:the\s+|(?:hereinafter|hereafter|collectively|each)(?:\s*,)?\s*|referred\s+to\s+(?:herein\s+)?as\s+|as\s+|an?\s+)*"
_ROLE = re.compile(
    rf"\(\s*{_CALLED_LEAD}(?:together\s[^()“”\"]{{0,80}}{_CALLED_LEAD})?[“\"”'‘](?:the\s+)?(?P<role>[^“”\"'’()]{{2,50}})[”\"“'’]|(?:hereinafter|hereafter)\s+(?:referred\s+to\s+as|called)\s*,?\s+(?:the\s+)?[“\"”'‘](?:the\s+)?(?P<called>[^“”\"'’]{{2,50}})[”\"“'’]",
    re.IGNORECASE,
)
_SEAT = re.compile(
    r"\b(?:address(?:\s+(?:of|at|is))*|place\s+of\s+business\s+(?:is\s+)?(?:located\s+)?(?:at|in)|located\s+at|offices?\s+(?:is\s+)?(?:located\s+)?at|residing\s+at|(?:registered|principal)\s+(?:office|seat)\s+(?:is\s+)?(?:located\s+)?(?:at|in)|mit\s+Sitz\s+in|anschrift)\s*:?\s+(?P<seat>[^;“”\"()]{8,160}?)(?=\s*(?:[;(“\"]|,?\s+(?:hereinafter|and\s+[A-Z]{2}|\(the|registered|represented|on\s+(?:the|behalf)|as\s+(?:a\s+)?)|(?<!str)(?<!St)(?<!\bNo)\.\s+(?=[A-Z][a-z]+\s[a-z])|\n\s*(?:-?\s*and|und|et)\b|\s*$))",
    re.IGNORECASE | re.DOTALL,
)
_INCORPORATED = re.compile(
    r"\b(?:incorporated|organi[sz]ed|formed|existing)(?:\s+and\s+existing)?\s+under\s+the\s+laws\s+of\s+(?:the\s+)?(?:(?:state|province|commonwealth|republic)\s+of\s+)?(?P<seat>[A-Z]\w+(?:\s[A-Z]\w+){0,2})|^\s*,?\s*an?\s+(?P<state>[A-Z]\w+(?:\s[A-Z]\w+)?)\s+(?:corporation|limited|company|partnership|general|LLC|trust)",
    re.DOTALL,
)
_SIGNED = re.compile(
    r"^(?:name|print(?:ed)?\s+name|typed\s+name)\s*:\s*(?P<who>.*)$|/s/\s*(?P<sign>.+)$", re.IGNORECASE
)
_NO_PARTY = re.compile(
    r"\b(?:agreement|committee|plan|system|date|territory|products?|program|project|effective|technology|services?|instrumentation)\b",
    re.IGNORECASE,
)
_DESCRIPTION = "Legal names of the contracting parties as written, without role or address"
_LABELS = {
    "role": ("role", "called", "defined as", "type"),
    "address": ("address", "seat", "location", "incorporation", "place"),
    "signatory": ("signatory", "signer", "signed by", "representative"),
}


def find_parties(layout: Layout, target: Target, pattern: str) -> list[Item]:
    """Return the parties for a list of objects whose name field means a contracting party; [] for other lists."""
    name = party_name(target, pattern)
    if name is None:
        return []
    leaves = _leaves(target, pattern)
    spans = with_introduced_parties(
        layout, list_spans(candidates(layout, Field(path="/parties/*", kind="text", description=_DESCRIPTION)))
    )
    items = []
    for span in spans:
        at = _described_occurrence(layout, span, spans)
        end = min(
            [s for other in spans if other is not span for s in _offsets_of(layout, other) if s > at.end]
            + [at.end + DESCRIPTION_CHARS]
        )
        called = _ROLE.search(layout.text, at.end, end)
        if not span.hints["legal"] and (not called or _NO_PARTY.search(f"{span.text} {called[0]}")):
            continue
        found = {f.path: s for f in leaves if (s := _party_value(layout, f, at, end))}
        items.append({name.path: at, **found})
    return items


def party_name(target: Target, pattern: str) -> Field | None:
    """Return the field of a list's items that names a contracting party; None for lists of other things."""
    named = (f for f in _leaves(target, pattern) if words_of(f.name) in ("name", "party", "legal name", "full name"))
    name = next(named, None)
    return name if name and is_party(name) else None


def _leaves(target: Target, pattern: str) -> list[Field]:
    return [f for f in target.fields if f.path.startswith(f"{pattern}/*/") and f.kind in ("text", "any")]


def _offsets_of(layout: Layout, name: Span) -> list[int]:
    """Return the offsets of a name in the first part of the text."""
    words = r"\s+".join(map(re.escape, name.text.split()))
    return [m.start() for m in re.finditer(words, layout.text[: layout.start + PREAMBLE_CHARS], re.IGNORECASE)]


def _described_occurrence(layout: Layout, name: Span, spans: list[Span]) -> Span:
    """Return the occurrence of the name after which the contract states the party's role."""
    others = [s for other in spans if other is not name for s in _offsets_of(layout, other)]
    for start in _offsets_of(layout, name):
        end = start + len(name.text)
        m = _ROLE.search(layout.text, end, min([o for o in others if o > end] + [end + DESCRIPTION_CHARS]))
        if m:
            return replace(name, start=start, end=end, text=layout.text[start:end])
    return name


def is_party(field: Field) -> bool:
    """Whether a field is the name of a contracting party.

    >>> is_party(Field(path="/parties/*/name", kind="text"))
    True
    """
    holder = words_of(field.path.split("/*")[0].rpartition("/")[2])
    return bool({"party", "parties", "signatories", "contractors"} & set(holder.split()))


def _party_value(layout: Layout, field: Field, name: Span, end: int) -> Span | None:
    words = words_of(field.name)
    if words in _LABELS["role"]:
        m = _ROLE.search(layout.text, name.end, end)
        group = "role" if m and m["role"] else "called"
        return _span(layout, *m.span(group)) if m and not _NO_PARTY.search(m[group]) else None
    if words in _LABELS["address"]:
        m = _SEAT.search(layout.text, name.end, end)
        if m:
            return _span(layout, *m.span("seat"))
        m = _INCORPORATED.search(layout.text[name.end : end])
        group = "seat" if m and m["seat"] else "state"
        return _span(layout, name.end + m.start(group), name.end + m.end(group)) if m else None
    return _signatory(layout, name) if words in _LABELS["signatory"] else None


def _span(layout: Layout, start: int, end: int) -> Span | None:
    text = re.sub(r"(?<!\s)\s+(?:and|und|et)$", "", layout.text[start:end].rstrip(" ,;:\n"))
    return (
        Span(start=start, end=start + len(text), text=text, value=" ".join(text.split()), score=1.0, label_points=1.0)
        if text
        else None
    )


def _signatory(layout: Layout, name: Span) -> Span | None:
    """Find the signatory's name in the signature block below the party's name."""
    first = plain(name.text).split()[:2]
    for i in range(len(layout.pieces) - 1, -1, -1):
        piece = layout.pieces[i]
        if piece.start < layout.start + (layout.end - layout.start) // 3:
            return None
        if plain(layout.words(i)).split()[:2] == first and len(layout.words(i)) < 80:
            found = _signature_below(layout, i)
            if found:
                return found
    return None


def _signature_below(layout: Layout, i: int) -> Span | None:
    head, signed = layout.pieces[i], None
    for r in range(head.row + 1, min(head.row + 10, len(layout.rows))):
        for j in layout.rows[r]:
            piece = layout.pieces[j]
            m = _SIGNED.search(layout.words(j))
            near = piece.page == head.page and abs(piece.box[0] - head.box[0]) < 6 * head.height
            if not m and near and layout.words(j).strip().lower() in ("by:", "by"):
                right = next(iter(layout.right(j)), None)
                m2 = _SIGNED.search(layout.words(right)) if right is not None else None
                if right is not None and m2 and m2["sign"]:
                    signed = signed or _span(
                        layout, layout.pieces[right].start + m2.start("sign"), layout.pieces[right].end
                    )
            if m and near:
                found = _signed_name(layout, j, m)
                if found and m["who"] is not None:
                    return found
                signed = signed or found
    return signed


def _signed_name(layout: Layout, j: int, m: re.Match[str]) -> Span | None:
    group = "who" if m["who"] is not None else "sign"
    at = layout.pieces[j].start
    if m[group].strip(" _"):
        return _span(layout, at + m.start(group), at + m.end(group)) if sum(c.isalpha() for c in m[group]) > 3 else None
    right = next(iter(layout.right(j)), None)
    if right is None or not any(c.isalpha() for c in layout.words(right)) or ":" in layout.words(right):
        return None
    return _span(layout, layout.pieces[right].start, layout.pieces[right].end)
