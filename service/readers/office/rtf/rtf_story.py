r"""Collect the stories of an RTF file: paragraphs and tables of the body, headers, notes, comments, text boxes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from thresher.service.readers.formulas import fraction_of_field
from thresher.service.readers.hidden_text import is_tiny, same_colour
from thresher.service.readers.office.rtf.rtf_pictures import (
    SIGN,
    RtfPicture,
    binary_as_groups,
    place_of,
    without_places,
)
from thresher.service.readers.office.rtf.rtf_tokens import State, Walk
from thresher.service.readers.text_marks import OPEN, TICKED, UNMARKED, Mark, is_label, join_runs

HEADERS = frozenset(("header", "headerl", "headerr", "headerf"))
FOOTERS = frozenset(("footer", "footerl", "footerr", "footerf"))
FACTS = frozenset(("title", "author", "subject", "company", "keywords", "operator"))
STORIES = HEADERS | FOOTERS | {"footnote", "annotation", "shptxt", "dptxbxtext"} | FACTS
_READ_DESTINATIONS = STORIES | {"fldinst", "shppict", "shpinst", "do", "moMath", "colortbl", "nesttableprops"}
_SKIPPED_NAMES = """
    fonttbl colortbl stylesheet listtable listoverridetable rsidtbl generator themedata colorschememapping datastore
    xmlnstbl latentstyles pict nonshppict objdata objclass objname fldinst xe tc rxe bkmkstart bkmkend revtbl filetbl
    ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn atnid atnauthor atndate atnref atnparent atntime template passwordhash
    sn shprslt sv mmathPr nesttableprops ffdata pgdsctbl private private1 falt panose wgrffmtfilter pnseclvl
"""
_SKIPPED = frozenset(_SKIPPED_NAMES.split())
_SYMBOL = re.compile(r"SYMBOL\s+(\d+).*?Wingdings", re.IGNORECASE | re.DOTALL)
_WINGDINGS = {254: TICKED, 253: TICKED, 168: OPEN, 111: OPEN, 183: "•", 224: "→", 252: "✓", 251: "✗"}
Rows = list[list[str]]


@dataclass(slots=True)
class Story:
    """One destination: its paragraphs and tables in order."""

    kind: str = ""
    items: list[str | Rows] = field(default_factory=list)
    runs: list[tuple[str, Mark]] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)

    def paragraph(self) -> None:
        """End the current paragraph."""
        text = join_runs(self.runs).strip(" \n\r")
        self.runs.clear()
        if text.strip():
            self.items.append(text)

    def cell(self) -> None:
        """End the current cell."""
        self.cells.append(join_runs(self.runs).strip())
        self.runs.clear()

    def row(self, continued: list[bool]) -> None:
        """End the current row; in cells that continue from above, a label is repeated."""
        if join_runs(self.runs).strip():
            self.cell()
        rows = self.items[-1] if self.items and isinstance(self.items[-1], list) else []
        if not rows:
            self.items.append(rows)
        above = rows[-1] if rows else []
        for column, goes_on in enumerate(continued[: min(len(self.cells), len(above))]):
            if goes_on and not self.cells[column] and is_label(above[column], column):
                self.cells[column] = above[column]
        rows.append(self.cells)
        self.cells = []

    def text(self) -> str:
        """Return the whole text, one paragraph or row a line, without pictures."""
        return without_places(self.placed_text())

    def placed_text(self) -> str:
        """Return the whole text with the signs of its pictures."""
        self.paragraph()
        return "\n".join(
            item if isinstance(item, str) else "\n".join("\t".join(row) for row in item) for item in self.items
        )


@dataclass(slots=True)
class Stories:
    """The sink of a walk: the body, and every other story in order."""

    show_hidden: bool = False
    body: Story = field(default_factory=Story)
    others: list[Story] = field(default_factory=list)
    unseen: list[tuple[str, str]] = field(default_factory=list)  # (reason, place)
    pictures: list[RtfPicture] = field(default_factory=list)
    objects: int = 0
    lost: int = 0
    _open: list[Story] = field(default_factory=list)
    _continued: list[bool] = field(
        default_factory=list
    )  # for the row being defined: whether each cell continues from above
    _continues: bool = False  # the cell being defined
    _shaded: bool = False  # some cell of the row has a background colour
    _colours: list[str] = field(default_factory=list)
    _parts: list[int] = field(default_factory=lambda: [-1, -1, -1])  # red, green and blue of the colour being read
    _instruction: str = ""
    _box: dict[str, int] = field(default_factory=dict)
    _choices: list[str] = field(default_factory=list)  # of a drop-down list
    _notes: int = 0
    _picture: RtfPicture | None = None  # the open one

    @property
    def story(self) -> Story:
        """Return the current story."""
        return self._open[-1] if self._open else self.body

    def text(self, text: str, state: State) -> None:
        """Add text with its look."""
        if state.skipped:
            self._take_skipped_text(text, state)
            return
        reason = "" if self.show_hidden else self._hidden_reason(state)
        if reason:
            if text.strip():
                self._hide(reason)
            return
        mark = Mark(state.struck, state.shift) if state.struck or state.shift else UNMARKED
        self.story.runs.append((text.replace(SIGN, "") if SIGN in text else text, mark))

    def _take_skipped_text(self, text: str, state: State) -> None:
        """Take the entries of the colour table, the instruction of a field, and the digits of a picture."""
        if state.destination == "colortbl" and ";" in text:
            self._colours += [self._colour()] * text.count(";")
            self._parts = [-1, -1, -1]
        elif state.destination == "fldinst":
            self._instruction += text
        elif state.destination == "ffl":
            self._choices.append(text)
        elif self._picture is not None and state.destination in {"pict", "bindata"}:
            self._picture.pieces.append(text)

    def _colour(self) -> str:
        return "" if min(self._parts) < 0 else "".join(f"{min(p, 255):02x}" for p in self._parts)

    def _hidden_reason(self, state: State) -> str:
        """Return why text of this look is not visible; empty where it is."""
        if state.hidden or state.deleted:
            return "hidden text" if state.hidden else "deleted"
        if is_tiny(state.size / 2):
            return "text too small to read"
        if state.colour and same_colour(self._colour_at(state.colour), self._ground(state)):
            return "text in the colour of its background"
        return ""

    def _colour_at(self, index: int) -> str:
        return self._colours[index] if 0 <= index < len(self._colours) else ""

    def _ground(self, state: State) -> str | None:
        """Return the background colour; None where it is not known."""
        index = state.ground or state.behind
        if index:
            return self._colour_at(index)
        boxed = self.story.kind in {"shptxt", "dptxbxtext"}
        return None if boxed or (self._shaded and state.in_table) else "ffffff"

    def _hide(self, reason: str) -> None:
        place = f"paragraph {len(self.story.items) + 1}{f' of a {self.story.kind}' if self.story.kind else ''}"
        if not self.unseen or self.unseen[-1] != (reason, place):
            self.unseen.append((reason, place))

    def word(self, word: str, number: int | None, state: State) -> None:
        """Handle a word that separates text, defines a table, or states a check box or a colour."""
        if state.skipped:
            self._take_skipped_word(word, number)
            return
        story = self.story
        match word:
            case "par" | "sect" | "page":
                story.runs.append(("\n", UNMARKED)) if state.in_table else story.paragraph()
            case "line" | "nestrow":
                story.runs.append(("\n", UNMARKED))
            case "cell":
                story.cell()
            case "nestcell":
                story.runs.append((" ", UNMARKED))
            case "row":
                story.row(self._continued)
            case "chftn":
                self._notes += story.kind == ""
                story.runs.append((f"[{self._notes}]", UNMARKED))
            case "mden":
                story.runs.append(("/", UNMARKED))
            case "msup" | "msub":
                state.shift = 1 if word == "msup" else -1
            case _:
                self._define_table(word, number)

    def _take_skipped_word(self, word: str, number: int | None) -> None:
        """Take parts of a colour, the state of a check box, and the kind and size of a picture."""
        if word in {"red", "green", "blue"}:
            self._parts[("red", "green", "blue").index(word)] = number or 0
        elif word in {"fftype", "ffres", "ffdefres"}:
            self._box[word] = number or 0
        elif self._picture is not None:
            self._picture.word(word, number)

    def _define_table(self, word: str, number: int | None) -> None:
        """Take words that define the cells of a row."""
        if word == "trowd":
            self._continued, self._continues, self._shaded = [], False, False
        elif word == "clvmrg":
            self._continues = True
        elif word == "cellx":
            self._continued.append(self._continues)
            self._continues = False
        elif word in {"clcbpat", "clcfpat", "trcbpat"} and number:
            self._shaded = True

    def opened(self, state: State) -> None:
        """Begin a story, an instruction or an object."""
        if state.destination in STORIES and not state.skipped:
            self._open.append(Story(state.destination))
        elif state.destination == "fldinst":
            self._instruction = ""
        elif state.destination == "pict":
            self._open_picture(state)
        self.objects += state.destination == "objdata"

    def _open_picture(self, state: State) -> None:
        """Begin a picture, and put its sign into the text unless it is hidden."""
        self._picture = None if state.repeats else RtfPicture()
        if self._picture is not None:
            self.pictures.append(self._picture)
            if self.show_hidden or not (state.hidden or state.deleted):
                self.story.runs.append((place_of(len(self.pictures) - 1), UNMARKED))

    def closed(self, state: State) -> None:
        """End and store a story or picture, or evaluate an instruction."""
        if state.destination in STORIES and not state.skipped and self._open:
            self.others.append(self._open.pop())
        elif state.destination == "fldinst":
            self._write_field()
        elif state.destination == "pict":
            self._picture = None

    def _write_field(self) -> None:
        """Write a check box or symbol by the instruction of a field."""
        found = _SYMBOL.search(self._instruction)
        if "FORMCHECKBOX" in self._instruction:
            chosen = self._box.get("ffres", 25)
            chosen = self._box.get("ffdefres", 0) if chosen == 25 else chosen
            self.story.runs.append((TICKED if chosen else OPEN, UNMARKED))
            self._box.clear()
        elif "FORMDROPDOWN" in self._instruction and self._choices:
            chosen = self._box.get("ffres", 25)
            chosen = self._box.get("ffdefres", 0) if chosen == 25 else chosen
            self.story.runs.append((self._choices[min(chosen, len(self._choices) - 1)], UNMARKED))
            self._box.clear()
            self._choices.clear()
        elif fraction := fraction_of_field(self._instruction):
            self.story.runs.append((fraction, UNMARKED))
        elif found:
            self.story.runs.append((_WINGDINGS.get(int(found[1]), "•"), UNMARKED))


def read_stories(rtf: str, *, show_hidden: bool = False) -> Stories:
    r"""Return the stories of RTF with one character a byte.

    >>> read_stories(r"{\rtf1\ansi a\par b\u8364? 1,250{\super 1} {\strike 9}}").body.text()
    'a\nb€ 1,250¹ ~~9~~'
    """
    stories = Stories(show_hidden=show_hidden)
    walk = Walk(binary_as_groups(rtf), stories, skipped=_SKIPPED, kept=_READ_DESTINATIONS - _SKIPPED)
    walk.run()
    stories.lost = walk.lost
    for story in (stories.body, *stories.others):
        if story.cells:
            story.row([])
        story.paragraph()
    return stories
