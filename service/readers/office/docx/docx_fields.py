"""Tell the code of a Word field from its result: only the result is shown.

    begin  IF  begin MERGEFIELD x separate «4,711» end  > 0   separate   9,250   end
           └────────────── code ──────────────────────────┘              └ shown ┘
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
CODE = "code of a field"


@dataclass(slots=True)
class FieldCodes:
    """The fields that are open at a place of one paragraph, outermost first; True while their code is read."""

    paragraph: Any
    _open: list[bool] = field(default_factory=list)
    _closed: set[Any] | None = None  # fields whose code ends in this paragraph

    @property
    def reason(self) -> str:
        """Return why text here is not shown; empty where it is."""
        return CODE if any(self._open) else ""

    def pass_mark(self, mark: Any) -> None:
        """Go past a `w:fldChar`. The code of a field that never ends is taken for text, as nothing may be lost."""
        match mark.get(W + "fldCharType"):
            case "begin":
                if self._closed is None:
                    self._closed = _with_end_of_code(self.paragraph)
                self._open.append(mark in self._closed)
            case "separate" if self._open:
                self._open[-1] = False
            case "end" if self._open:
                self._open.pop()


def _with_end_of_code(paragraph: Any) -> set[Any]:
    """Return the marks that begin a field whose code ends in a paragraph."""
    waiting: list[Any] = []
    found: set[Any] = set()
    for mark in paragraph.iter(W + "fldChar"):
        kind = mark.get(W + "fldCharType")
        if kind == "begin":
            waiting.append(mark)
        elif kind == "separate" and waiting:
            found.add(waiting[-1])
        elif kind == "end" and waiting:
            found.add(waiting.pop())
    return found
