"""What a repair may change, and what a library made of malformed JSON."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thresher.schemas import json_pointer
from thresher.schemas.question import Message, Question, Reply
from thresher.schemas.result import FieldError
from thresher.service.prompts.answer_repair import (
    MAX_ERRORS_SHOWN,
    keys_of,
    listed,
    parse_with_repair,
    patched,
    repair_question,
)
from thresher.service.prompts.malformed_json import MOST_CHARACTERS, repaired_json

LEAF = st.none() | st.booleans() | st.integers(0, 9) | st.text("ab", max_size=2)
TREE = st.recursive(
    LEAF, lambda x: st.lists(x, max_size=3) | st.dictionaries(st.sampled_from("xyz"), x, max_size=3), max_leaves=8
)
OBJECT = st.dictionaries(st.sampled_from("xyz"), TREE, min_size=1, max_size=3)
ROWS = [{"tag": f"K-{n:03}", "place": f"yard {n}", "count": n} for n in range(1, 7)]
KEYS = frozenset({"tags", "tag", "place", "count"})
SOUND = '{"tag": "K-003", "place": "yard 3", "count": 3}'


def error(path: str) -> FieldError:
    """An error at a place."""
    return FieldError(path=path, message="wrong")


@given(OBJECT, OBJECT)
def test_a_repair_of_nothing_changes_nothing(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Property: where nothing was wrong every value stays, whatever the later answer says."""
    made = patched(old, new, [])
    assert all(json_pointer.get(made, path) == value for path, value in json_pointer.leaves(old))


@given(OBJECT, OBJECT, st.data())
def test_a_repair_changes_what_was_wrong_alone(old: dict[str, Any], new: dict[str, Any], data: st.DataObject) -> None:
    """Property: every value beside the one that was wrong stays."""
    paths = [path for path, _ in json_pointer.leaves(old)]
    if not paths:
        return
    wrong = data.draw(st.sampled_from(paths))
    made = patched(old, new, [error(wrong)])
    assert all(json_pointer.get(made, p) == v for p, v in json_pointer.leaves(old) if p != wrong)


@given(OBJECT)
def test_an_empty_repair_changes_nothing(old: dict[str, Any]) -> None:
    """Property: null, an empty list and an empty object take nothing away, wherever something was wrong."""
    errors = [error(path) for path, _ in json_pointer.leaves(old)]
    assert patched(old, {}, errors) == old
    assert patched(old, dict.fromkeys(old), errors) == old


def test_a_list_is_mended_item_by_item() -> None:
    """The item that was wrong is taken; with other items than before nothing is."""
    old, new = {"r": [{"a": 1}, {"a": "x"}]}, {"r": [{"a": 9}, {"a": 2}]}
    assert patched(old, new, [error("/r/1/a")]) == {"r": [{"a": 1}, {"a": 2}]}
    assert patched(old, {"r": [{"a": 2}]}, [error("/r/1/a")]) == old


def test_a_broken_item_comes_in_only_beside_all_others() -> None:
    """An answer without the items that were right brings none."""
    old = {"r": [1, 3]}
    assert patched(old, {"r": [1, 2, 3]}, [], [error("/r/1")]) == {"r": [1, 2, 3]}
    assert patched(old, {"r": [2, 3]}, [], [error("/r/1")]) == old


@pytest.mark.parametrize(
    "damage",
    [
        '{"tag: "K-003", "place": "yard 3", "count": 3}',
        '{"K-003", "place": "yard 3", "count": 3}',
        '{"place": "yard 3", "count": 3, "tag: K-003"}',
        '{"place":"yard 3","tag:K-003","count":3}',
        '{"tag": "K-003, "place": "yard 3", "count": 3}',
        '{"tag": "K-003" "place": "yard 3", "count": 3}',
        '{"tag": "K-003", "place": yard 3, "count": 3}',
        '{"tag": "K-003", "place": "yard 3", "count": 3',
        '"tag": "K-003", "place": "yard 3", "count": 3}',
        '{"tag": "K-003", "place": "yard 3", "count" 3}',
    ],
)
def test_a_malformed_record_costs_itself(damage: str) -> None:
    """Whatever is kept was written so: no record holds what belongs to another, and what is missing is named."""
    text = json.dumps({"tags": ROWS}).replace(SOUND, damage)
    found = repaired_json(text, KEYS)
    kept = found.data["tags"] if found.data else []
    assert all(row in ROWS for row in kept)
    assert len(kept) == len(ROWS) or found.broken
    assert len(kept) >= len(ROWS) - 3


@given(st.integers(0, 5), st.integers(0, 60), st.sampled_from(["", '"', ",", "}", "{", ":", "]", "x"]))
def test_no_damage_mixes_records(row: int, at: int, put: str) -> None:
    """Property: wherever a character is lost or put, no value of one record comes to stand in another."""
    text = json.dumps({"tags": ROWS})
    start = text.index(json.dumps(ROWS[row]))
    place = start + at % len(json.dumps(ROWS[row]))
    found = repaired_json(text[:place] + put + text[place + 1 :], KEYS)
    for kept in (found.data or {}).get("tags") or ():
        numbers = {int(n) for n in "".join(c if c.isdigit() else " " for c in json.dumps(kept)).split()}
        own = [r for r in ROWS if any(kept.get(k) == v for k, v in r.items())] if isinstance(kept, dict) else []
        assert len(own) <= 1, (kept, numbers)


def test_only_punctuation_costs_nothing() -> None:
    """A trailing comma, bare keys and a missing bracket change no word."""
    found = repaired_json('{tags: [{tag: "K-001", count: 1,},]')
    assert found.data == {"tags": [{"tag": "K-001", "count": 1}]}
    assert not found.broken


def test_keys_that_an_answer_may_have() -> None:
    """All of the asked schema, by their letters; none are known where a map may have any."""
    schema = {
        "type": "object",
        "properties": {"a_B": {"type": "object", "properties": {"c": {}}}},
        "$defs": {"D": {"properties": {"e": {}}}},
    }
    assert keys_of(schema) == frozenset({"ab", "c", "e"})
    assert keys_of({"type": "object", "additionalProperties": {"type": "string"}}) is None
    assert keys_of(None) is None


def test_errors_are_listed_with_their_number() -> None:
    """Each on one line; of many, the first dozen and how many more there are."""
    told = listed([FieldError(path=f"/{n}", message="a\nb") for n in range(MAX_ERRORS_SHOWN + 7)])
    assert len(told.splitlines()) == MAX_ERRORS_SHOWN + 1
    assert told.endswith("and 7 more")


def test_a_repair_is_a_question_of_its_kind() -> None:
    """The pair of answer and complaint, once."""
    question = Question(
        prompt="p", fingerprint="f", messages=(Message(role="user", content="x"),), schema={}, answer_tokens=9
    )
    again = repair_question(question, Reply(text="{", finish="stop", model="m", key="k"), [error("/a")])
    assert (again.kind, again.purpose) == ("repair", "repair")
    assert [m.role for m in again.messages] == ["user", "assistant", "user"]


def test_a_list_of_which_nothing_fits_is_replaced() -> None:
    """Where no item was right, nothing is lost by taking the new list, however long it is."""
    wrong = [FieldError(path="/lines/0", message="must be object")]
    new = {"lines": [{"item": "Lamp"}, {"item": "Desk"}]}
    assert patched({"lines": ["none"]}, new, wrong) == new
    assert patched({"lines": ["none"]}, {"lines": []}, wrong) == {"lines": ["none"]}


def test_a_key_that_stands_twice_breaks_its_record() -> None:
    """Two records written as one are valid JSON, of which the second's values would win in silence."""
    text = '{"rows": [{"a": 1, "b": 2, "a": 3, "b": 4}, {"a": 5, "a": 5}], "n": 1}'
    parsed = parse_with_repair(Reply(text=text, finish="stop", model="m", key="k"))
    assert parsed.data == {"rows": [{"a": 5}], "n": 1}
    assert [e.path for e in parsed.broken] == ["/rows/0"]


@pytest.mark.parametrize("piece", ['{"', "[{", "{", '\\"', '{"a"\n', "```json\n{", '{"a":'])
def test_an_answer_that_repeats_itself_without_end_takes_no_more_time_than_it_is_long(piece: str) -> None:
    """A model that loops, or a server that sends anything, holds nobody up: 24,000 characters took up to a minute."""
    text = '{"a": ' + piece * (24_000 // len(piece))
    begun = time.process_time()
    parse_with_repair(Reply(text=text, finish="stop", model="m", key="k"))
    assert time.process_time() - begun < 3.0


def test_what_is_longer_than_any_answer_is_not_repaired() -> None:
    """Comparing its words with what was made of it would take the square of them, in memory too."""
    assert repaired_json('{"a": "b" "c"' + " x" * MOST_CHARACTERS, KEYS).data is None
