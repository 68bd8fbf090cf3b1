"""Decide for which lists the rules can tell that they are empty; all others need judgement.

Requests, deadlines and decisions are written in free words that no rule here searches for. An empty list of such
things therefore states nothing about the document.
"""

from __future__ import annotations

from thresher.schemas.document import Document
from thresher.schemas.target import Field, Target
from thresher.service.rules.contracts.parties import party_name
from thresher.service.rules.fields.column_meaning import line_concept
from thresher.service.rules.fields.wording import words_of
from thresher.service.rules.mail_headers import is_header_field, is_mail
from thresher.service.rules.spans.span_finder import concept_of, shape_of
from thresher.service.rules.tables.table_items import item_fields

FREE_TEXT_SHAPES = ("text", "word", "clause", "title", None)  # shapes of free text
ATTACHMENT_NAMES = frozenset(("attachments", "attachment", "attached files"))


def can_be_empty(document: Document, target: Target, pattern: str) -> bool:
    """Whether a list without found values is known to be empty; `pattern` of a list of scalars ends in "/*"."""
    if pattern.endswith("/*"):
        leaf = next(f for f in target.fields if f.path == pattern)
        return _is_in_headers(document, leaf) or _has_label(leaf)
    fields = item_fields(target, pattern)
    columns = {c.key for f in fields if (c := line_concept(f))}
    persons = any(_is_in_headers(document, f) for f in fields)
    return persons or len(columns) > 1 or party_name(target, pattern) is not None


def _is_in_headers(document: Document, leaf: Field) -> bool:
    """Whether a mail's headers give a value."""
    return is_mail(document) and (is_header_field(leaf) or words_of(leaf.name) in ATTACHMENT_NAMES)


def _has_label(leaf: Field) -> bool:
    """Whether documents print the field's name next to a value of this concept."""
    concept = concept_of(leaf)
    return (
        concept is not None and words_of(leaf.name) in concept.names and shape_of(leaf, concept) not in FREE_TEXT_SHAPES
    )
