"""A reader that knows the right answer: what of a gold document a question asks for, and its text states, in the asked shape.

Every value has one home: the first place where the document has it, however the number is printed, and the beginning of
the document for what stands nowhere literally (a class, a derived period, a flag). A question is answered with what is
at home in its text, so no fact is said twice and none is left out; with `again`, an item of a list is said in every
question in whose text its telling value stands, as models do. It is blind to nothing else: it measures the planner,
the rewriting of schemas, the grounding and the merge, not a model.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Any

from tests.simulation.reader.frames import part_in
from thresher.schemas import json_pointer
from thresher.schemas.document import Document

Schema = dict[str, Any]
Places = list[tuple[int, int]]
FEW = 400  # code points: a question about less is about single lines


class GoldReader:
    """Answers about one document."""

    def __init__(self, gold: Any, document: Document, *, again: bool = False) -> None:
        """`gold`: the whole right answer; `document` as it is chunked."""
        self._gold, self._document, self._again = gold, document, again
        self._said: set[int] = set()
        self._text = text = document.text
        self._letters = [i for i, c in enumerate(text) if not c.isspace()]
        self._dense = "".join(text[i] for i in self._letters).lower()

    def answer(self, prompt: str, schema: Schema) -> Any:
        """What a question with this prompt and asked schema is told."""
        part = part_in(prompt)
        page = re.search(r", pages (\d+) to ", prompt)
        places = list(self._found(part, self._behind(int(page[1]) if page else 1)))
        if self._again:
            return _Filling(schema, self._again_in, places, None).value(schema, self._gold)
        return _Filling(schema, self._home_in, places, self._said).value(schema, self._gold)

    def _home_in(self, value: Any, places: Places) -> bool:
        """Whether a value is at home in one of some places."""
        home = self.home(value)
        return any(start <= home < end for start, end in places)

    def _again_in(self, value: Any, places: Places) -> bool:
        """The same, or whether the most telling number of an item stands there once more."""
        numbers = (
            [v for _, v in json_pointer.leaves(value) if isinstance(v, int | float)] if isinstance(value, dict) else []
        )
        known = next((v for v in reversed(numbers) if self.first(v) is not None), None)
        if known is None:
            return self._home_in(value, places)
        return any(self.first(known, start, end) is not None for start, end in places)

    def home(self, value: Any) -> int:
        """Where a value stands first; an object stands where its most telling number or text does."""
        leaves = [v for _, v in json_pointer.leaves(value) if not isinstance(v, bool)] if value is not None else []
        numbers = [v for v in leaves if isinstance(v, int | float)]
        telling = [*reversed(numbers), *leaves] if isinstance(value, dict) else leaves
        return next((at for v in telling if (at := self.first(v)) is not None), 0)

    def _behind(self, page: int) -> int:
        """Where a page begins."""
        starts = (start for start, _, _, _ in self._document.blocks if (self._document.page_at(start) or 1) >= page)
        return next(starts, 0)

    def _found(self, part: str, behind: int) -> Iterator[tuple[int, int]]:
        """Where the text of a question stands; single lines, asked once more, are not where what is homeless lives."""
        start = self._text.find(part, behind)
        if start >= 0 and len(part) > FEW:
            yield start, start + len(part)
            return
        for line in filter(str.strip, part.split("\n")):
            at = self._text.find(line, behind)
            if at >= 0:
                yield max(at, 1), at + len(line)

    def first(self, value: Any, start: int = 0, end: int | None = None) -> int | None:
        """Where a value stands first between two offsets; None where it does not."""
        if isinstance(value, int | float):
            for shown in dict.fromkeys((f"{abs(value):,}", f"{abs(value):,.2f}", f"{abs(value):.1f}", str(abs(value)))):
                pattern = re.compile(rf"(?<![\d.,]){re.escape(shown)}(?![\d]|[.,]\d)")
                match = pattern.search(self._text, start, len(self._text) if end is None else end)
                if match and len(shown) > 1:
                    return match.start()
            return None
        dense = "".join(str(value).split()).lower()
        first = bisect_left(self._letters, start)
        last = len(self._letters) if end is None else bisect_left(self._letters, end)
        at = self._dense.find(dense, first, last) if dense else -1
        return self._letters[at] if at >= 0 else None


class _Filling:
    """The gold in the shape of one asked schema, as far as some ranges of the text state it."""

    def __init__(
        self, root: Schema, stands: Callable[[Any, Places], bool], places: Places, said: set[int] | None
    ) -> None:
        self._root, self._stands, self._places, self._said = root, stands, places, said

    def value(self, schema: Schema, gold: Any) -> Any:
        schema = self._resolved(schema)
        branches = [self._resolved(b) for b in schema.get("anyOf", [schema])]
        if isinstance(gold, dict):
            return next((self._object(b, gold) for b in branches if "properties" in b), None)
        if any(b.get("type") == "array" for b in branches):
            array = next(b for b in branches if b.get("type") == "array")
            return [self._item(array["items"], v) for v in gold or [] if self._here(v) and self._is_new(v)]
        if any("properties" in b for b in branches):
            return None
        return _scalar(branches, gold if gold is not None and self._here(gold) else None)

    def _object(self, schema: Schema, gold: Any) -> Any:
        return {key: self.value(member, gold.get(key)) for key, member in schema["properties"].items()}

    def _item(self, schema: Schema, gold: Any) -> Any:
        """All of a list's item, wherever parts of it stand."""
        whole = _Filling(self._root, lambda *_: True, [], None)
        return whole.value(schema, gold)

    def _is_new(self, value: Any) -> bool:
        """Whether an item was not said before; texts in lists may be said again."""
        if self._said is None or not isinstance(value, dict):
            return True
        is_new = id(value) not in self._said
        self._said.add(id(value))
        return is_new

    def _here(self, value: Any) -> bool:
        return self._stands(value, self._places)

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = json_pointer.get(self._root, schema["$ref"].removeprefix("#"))
        return schema


def _scalar(branches: list[Schema], gold: Any) -> Any:
    """A scalar, or null, in one of the forms that may stand there."""
    kinds = {k for b in branches for k in (b["type"] if isinstance(b.get("type"), list) else [b.get("type")])}
    if gold is None:
        return None if "null" in kinds else ""
    if isinstance(gold, bool):
        return gold if "boolean" in kinds else str(gold).lower()
    if isinstance(gold, int | float) and not kinds & {"number", "integer"}:
        return str(gold)
    return gold
