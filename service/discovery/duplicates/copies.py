"""Match the members of families that are copies of each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from thresher.service.discovery.matter.document_links import DocumentLinks


def counterparts(
    original: Sequence[DocumentLinks], copy: Sequence[DocumentLinks]
) -> Iterator[tuple[DocumentLinks, DocumentLinks]]:
    """Yield each member of a copied family with the member of the original family that it is a copy of.

    Members are matched by their keys, in order. One without a counterpart goes with the parent: its bytes count in the
    parent's key, so the original holds them too, as a picture in its text.
    """
    by_key: dict[str, list[DocumentLinks]] = {}
    for member in original[1:]:
        by_key.setdefault(member.dedup_key or member.sha256, []).append(member)
    for same in by_key.values():
        same.reverse()
    yield copy[0], original[0]
    for member in copy[1:]:
        same = by_key.get(member.dedup_key or member.sha256, [])
        yield member, same.pop() if len(same) > 1 else (same or original)[0]
