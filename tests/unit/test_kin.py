"""What belongs to a list: what stands between and beside records of it, and not all that looks alike."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from thresher.service.records.membership import Candidate, members_like


def of(kinds: str) -> list[Candidate]:
    """Candidates side by side: capitals are telling looks, small letters are not, blanks are other text."""
    return [Candidate(i, k, k.isupper()) for i, k in enumerate(kinds) if k != " "]


def test_what_stands_between_records_is_one() -> None:
    """And what follows them, however much of it."""
    assert members_like(of("AAAAA"), {0, 1, 3}) == {2, 4}
    assert members_like(of("A" * 100), set(range(20))) == set(range(20, 100))


def test_one_row_of_many_makes_no_list() -> None:
    """A balance sheet: each row is another list's, here those at 3 and at 40."""
    assert members_like(of("A" * 50), {3, 40}) == set()
    assert members_like(of("A" * 50), {3}) == set()


def test_an_answer_cut_after_its_first_record_leaves_the_others_missed() -> None:
    """One of many entries that look alike, at their beginning or end, is what a lazy model tells; one among them is a choice."""
    entries = [Candidate(i, "D DM", entry=True) for i in range(8)]
    assert members_like(entries, {0}) == set(range(1, 8))
    assert members_like(entries, {7}) == set(range(7))
    assert members_like(entries, {0, 4}) == {1, 2, 3, 5, 6, 7}, "the first of each of two parts"
    assert members_like(entries, {3}) == set()
    assert members_like(entries[:4], {0}) == set(), "too few to tell"
    assert members_like(entries, {0}, crowded=True) == set()
    assert members_like([one._replace(entry=False) for one in entries], {0}) == set()


def test_far_from_a_short_list_nothing_counts() -> None:
    """Two rows of a table say nothing of another table; six do."""
    assert members_like(of("AAA" + " " * 9 + "AAA"), {0, 1}) == {2}
    assert members_like(of("AAAAAAA" + " " * 9 + "AAA"), {0, 1, 2, 3, 4, 5}) == {6, 16, 17, 18}


def test_a_look_that_tells_little_needs_most_or_many_in_a_row() -> None:
    """Two rows of cells in a page of such rows are no list of them."""
    assert members_like(of("a" * 40), {5, 6, 7}) == set()
    assert members_like(of("aaaa"), {0, 1, 3}) == {2}
    assert members_like(of("a" * 40), set(range(12))) == set(range(12, 40))


def test_a_table_of_another_make_is_another_list() -> None:
    """Rows below other heads are not counted, whatever they look like."""
    rows = [Candidate(i, "A", make="x" if i < 4 else "y") for i in range(8)]
    assert members_like(rows, {0, 1, 2}) == {3}


def test_cells_of_a_row_are_no_rows() -> None:
    """Where several records stand in one place no look is telling."""
    assert members_like(of("A" * 40), {5, 6, 7, 8, 9, 10}, crowded=True) == set()
    assert members_like(of("AAAA"), {0, 1, 3}, crowded=True) == {2}


@given(kinds=st.text("ABa ", max_size=30), found=st.sets(st.integers(0, 29), max_size=12))
def test_found_records_are_never_missed(kinds: str, found: set[int]) -> None:
    """Nothing that was found, and nothing of a look that no record has."""
    candidates = of(kinds)
    missed = members_like(candidates, found)
    assert not missed & found
    assert {c.kind for c in candidates if c.place in missed} <= {c.kind for c in candidates if c.place in found}
