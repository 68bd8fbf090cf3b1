"""The nouns of a matter: ids, families, and records as lines of JSON."""

from __future__ import annotations

import pytest

from thresher.schemas.discovery.matter import MatterDocument, MatterException, child_id, families, root_id


def _document(name: str, family: str, level: int = 1) -> MatterDocument:
    return MatterDocument(id=name, family_id=family, level=level, sender=("Ann <a@x.example>",))


def test_record_is_one_line_without_empty_fields() -> None:
    """A record says only what there is, under the field's own name, and comes back equal."""
    line = _document("a", "a").to_json()
    assert line == '{"id":"a","family_id":"a","from":["Ann <a@x.example>"]}'
    assert MatterDocument.from_json(line) == _document("a", "a")


def test_equal_attachments_of_two_mails_have_two_ids() -> None:
    """A child's id depends on its parent and its position, not on its bytes alone."""
    assert len({child_id("a", 0, "00"), child_id("b", 0, "00"), child_id("a", 1, "00")}) == 3


def test_root_id_keeps_its_parts_apart() -> None:
    """Custodian, label and path do not run into each other."""
    assert root_id("a", "b/c", b"d", "00") != root_id("a", "b", b"c/d", "00")


def test_families_follow_each_other() -> None:
    """Documents in the order of the Matter fall into families, parents first."""
    members = [_document("a", "a"), _document("a1", "a", 2), _document("b", "b")]
    assert [(f.id, len(f.members), f.parent.id) for f in families(members)] == [("a", 2, "a"), ("b", 1, "b")]


def test_exceptions_have_listed_codes() -> None:
    """A code that the table does not list is refused."""
    with pytest.raises(ValueError, match="not an exception code"):
        MatterException(id="x", code="odd")
