"""Answerable: the lists that the rules can find, and so can tell to be empty; all others are a matter of judgement.

Who is asked for what, what is due when and what was decided is said in free words, and no rule here looks for it. An empty
list of such things says nothing of the document.
"""

from __future__ import annotations

from thresher.schemas.document import Document
from thresher.schemas.target import Field, Target
from thresher.service.rules.contracts.parties import party_name
from thresher.service.rules.fields.column_meaning import line_concept
from thresher.service.rules.fields.wording import words_of
from thresher.service.rules.mail_headers import is_letter, of_headers
from thresher.service.rules.spans.span_finder import concept_of, shape_of
from thresher.service.rules.tables.table_items import fields_of

FREE = ("text", "word", "clause", "title", None)  # shapes of free words
OF_MAIL = frozenset(("attachments", "attachment", "attached files"))


def can_be_empty(document: Document, target: Target, pattern: str) -> bool:
    """Whether a list of which nothing was found is known to be empty; a list of single values by the pattern of one."""
    if pattern.endswith("/*"):
        leaf = next(f for f in target.fields if f.path == pattern)
        return _is_told(document, leaf) or _has_label(leaf)
    fields = fields_of(target, pattern)
    columns = {c.key for f in fields if (c := line_concept(f))}
    persons = any(_is_told(document, f) for f in fields)
    return persons or len(columns) > 1 or party_name(target, pattern) is not None


def _is_told(document: Document, leaf: Field) -> bool:
    """Whether a mail's headers tell a value."""
    return is_letter(document) and (of_headers(leaf) or words_of(leaf.name) in OF_MAIL)


def _has_label(leaf: Field) -> bool:
    """Whether a single value is of a thing that documents print beside its name."""
    concept = concept_of(leaf)
    return concept is not None and words_of(leaf.name) in concept.names and shape_of(leaf, concept) not in FREE
