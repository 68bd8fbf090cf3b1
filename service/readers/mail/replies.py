r"""Find quoted replies and signatures in a mail's lines, in one pass.

A line is the author's, quoted (by `>`, or after "On … wrote:", a header block or "-----Original Message-----"), or part
of a signature. Every look-ahead is bounded, so the work is linear in the number of lines.

    >>> [(m.kind.name, m.level) for m in classify(["Yes.", "On 1 May, Ann wrote:", "> Shall we?", "-- ", "Bob"])]
    [('PARAGRAPH', 0), ('QUOTE', 1), ('QUOTE', 1), ('SIGNATURE', 0), ('SIGNATURE', 0)]
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from thresher.schemas.document import BlockKind
from thresher.service.readers.mail import phrases

_MARKS = re.compile(r"(?:[ ]{0,2}>)+")
_FROM_LINE = re.compile(r">From ")
_RULE = "-_*=— \u2013"
_COLONS = ":\uff1a"
_LABEL = re.compile(rf"([^{_COLONS}]{{1,39}})[{_COLONS}]")
_ADDRESS = re.compile(r"@|\d{1,2}[:.h]\d\d|\d{4}")
_HEADER_LINES = 12  # lines in which the fields of a header block must appear
_BLOCK_MAX_LINES = 60  # of a header block with many recipients
_ATTRIBUTION_LINES = 4
_FIELDS = {"FROM": phrases.FROM, "SENT": phrases.SENT, "TO": phrases.TO, "SUBJECT": phrases.SUBJECT}
_FIRST_FIELDS = phrases.FROM | phrases.SENT
_SIGNATURE_LINES = 12  # longest signature after a sign-off or footer
_DASHED_LINES = 40  # longest signature after "-- "


@dataclass(frozen=True, slots=True)
class Mark:
    """The kind of a line, and its depth of quotation."""

    kind: BlockKind
    level: int = 0


AUTHOR_TEXT = Mark(BlockKind.PARAGRAPH)
SIGNATURE_TEXT = Mark(BlockKind.SIGNATURE)


def classify(lines: list[str], depths: list[int] | None = None) -> list[Mark]:
    """Return a Mark for each line. `depths` are known depths of quotation (from HTML), by default those of `>`."""
    known = depths if depths is not None else [depth_of(line) for line in lines]
    levels = _Levels(lines, known).find()
    marks = [Mark(BlockKind.QUOTE, min(level, 255)) if level else AUTHOR_TEXT for level in levels]
    _sign(lines, marks)
    return marks


def depth_of(line: str) -> int:
    """Return the number of `>` at the start of a line.

    >>> [depth_of(s) for s in (">> a", "> > a", "a > b", ">From here")]
    [2, 2, 0, 0]
    """
    if not line[:3].lstrip(" ").startswith(">") or _FROM_LINE.match(line):
        return 0
    found = _MARKS.match(line)
    return found[0].count(">") if found else 0


class _Levels:
    """The depth of quotation of each line."""

    def __init__(self, lines: list[str], depths: list[int]) -> None:
        self.lines = lines
        self.depths = depths
        self.block_end = 0  # line after the header block found last
        self.base = 0  # least depth of all lines from here on
        self.bare = [self._bare(i) for i in range(len(lines))]
        self.next_filled = self._next_filled()
        self.levels: list[int] = []

    def _bare(self, i: int) -> str:
        line = self.lines[i][: phrases.LINE_MAX_CHARS]
        marks = _MARKS.match(line) if self.depths[i] else None
        return (line[marks.end() :] if marks else line).strip()

    def _next_filled(self) -> list[int]:
        """Return for each line the index of the first filled line at or after it; the number of lines for none."""
        following, found = len(self.lines), [len(self.lines)] * (len(self.lines) + 1)
        for i in range(len(self.lines) - 1, -1, -1):
            following = i if self.bare[i] else following
            found[i] = following
        return found

    def find(self) -> list[int]:
        """Return the depth of each line."""
        i = 0
        while i < len(self.lines):
            if not self.bare[i]:
                self._blank(i)
                i += 1
                continue
            taken = self._boundary(i)
            for j in range(i, i + max(taken, 1)):
                self.levels.append(self.base + self.depths[j] if not taken else max(self.base, self.depths[i] + 1))
            i += max(taken, 1)
        return self.levels

    def _blank(self, i: int) -> None:
        """Give a blank line the depth of its surroundings."""
        after = self.next_filled[i]
        inner = self.depths[i]
        if not inner and self.levels and after < len(self.lines):
            inner = min(self.levels[-1] - self.base, self.depths[after])
        self.levels.append(max(self.base + inner, 0))

    def _boundary(self, i: int) -> int:
        """Return how many lines the start of a quoted mail takes at line i; 0 for none. Raises the base as needed."""
        if self.depths[i]:
            return 0  # inside a quotation: its marks give the depth
        separated = self._separator(i)
        block = self.next_filled[i + separated]
        headed = block >= self.block_end and self._header_block(block)
        if headed:
            self.block_end = self._end_of_block(block)  # counted once, also after a separator
        if separated or headed:
            self.base += 1
            return separated or 1
        return self._attribution(i)

    def _separator(self, i: int) -> int:
        """Return 1 for a line such as "-----Original Message-----", or a rule before a header block; else 0."""
        line = self.bare[i]
        bare = line.strip(_RULE).rstrip(":").strip().lower()
        if not bare:
            return 1 if len(line) >= 5 and self._header_block(self.next_filled[i + 1]) else 0
        if bare in phrases.SEPARATORS:
            return 1 if line[0] in _RULE or line.endswith(":") or self._header_block(self.next_filled[i + 1]) else 0
        return 1 if line[0] in _RULE and bare.startswith(phrases.SEPARATOR_STARTS) else 0

    def _header_block(self, i: int) -> bool:
        """Whether `From: … Sent: … To: … Subject: …` begins at line i."""
        if i >= len(self.lines) or self._label(i) not in _FIRST_FIELDS:
            return False
        seen: set[str] = set()
        for j in range(i, min(i + _HEADER_LINES, len(self.lines))):
            label = self._label(j)
            seen |= {name for name, words in _FIELDS.items() if label in words}
            if not self.bare[j] and (len(seen) > 2 or "FROM" not in seen):
                break
        return "FROM" in seen and len(seen) > 2 and ("SUBJECT" in seen or "SENT" in seen)

    def _end_of_block(self, i: int) -> int:
        """Return the line after a header block: the first blank one, where it is near."""
        lines = range(i, min(i + _BLOCK_MAX_LINES, len(self.lines)))
        return next((j for j in lines if not self.bare[j]), i + 1)

    def _label(self, i: int) -> str:
        label = _LABEL.match(self.bare[i])
        return label[1].strip("*_> \t").lower() if label else ""

    def _attribution(self, i: int) -> int:
        """Return the lines of "On … wrote:". Unless marked lines follow, everything after it is quoted."""
        taken = self._attribution_lines(i)
        if taken:
            after = self.next_filled[i + taken]
            if after < len(self.lines) and not self.depths[after]:
                self.base += 1
        return taken

    def _attribution_lines(self, i: int) -> int:
        """Return how many lines an attribution takes at line i; 0 for none."""
        first = self.bare[i]
        starts = phrases.LEADS.match(first) is not None
        if not starts and first[-1] not in _COLONS:
            return 0
        joined = ""
        for taken in range(1, _ATTRIBUTION_LINES + 1):
            j = i + taken - 1
            if j >= len(self.lines) or not self.bare[j] or self.depths[j] or len(joined) > phrases.LINE_MAX_CHARS:
                return 0
            joined = f"{joined} {self.bare[j]}".strip()
            if joined[-1] in _COLONS and phrases.WROTE.search(joined[-200:]):
                if starts and _ADDRESS.search(joined):
                    return 0 if self._starts_later(i, taken) else taken
                return self._bare_attribution(joined, i + taken, taken)
            if not starts:
                return 0
        return 0

    def _starts_later(self, i: int, taken: int) -> bool:
        """Whether a line after the first begins a full attribution."""
        rests = (" ".join(self.bare[j : i + taken]) for j in range(i + 1, i + taken))
        return any(phrases.LEADS.match(rest) and _ADDRESS.search(rest) for rest in rests)

    def _bare_attribution(self, joined: str, after: int, taken: int) -> int:
        """Return `taken` for a line like "Ann wrote:" if marked lines follow at once; else 0."""
        follows = self.next_filled[after]
        marked = follows < len(self.lines) and self.depths[follows] > 0
        return taken if marked and len(joined) < 120 else 0


def _sign(lines: list[str], marks: list[Mark]) -> None:
    """Mark the signature at the end of each run of the author's lines."""
    end = 0
    while end < len(lines):
        start = end
        while end < len(lines) and marks[end] == marks[start]:
            end += 1
        if marks[start] is AUTHOR_TEXT:
            first = _signature_start(lines, start, end)
            marks[first:end] = [SIGNATURE_TEXT] * (end - first)


def _signature_start(lines: list[str], start: int, end: int) -> int:
    """Return the index of the first signature line of a run; `end` where it has none."""
    first, filled = end, 0
    while end > start and not lines[end - 1].strip():
        end -= 1
    for i in range(end - 1, max(end - _DASHED_LINES, start) - 1, -1):
        line = lines[i].strip()
        filled += bool(line)
        if lines[i].rstrip("\r") in {"-- ", "--"}:
            return i
        if len(line) > 100:
            break
        if _opens_signature(line, filled) and (i > start or filled == 1 or phrases.SENT_FROM.match(line)):
            first = i
    return first


def _opens_signature(line: str, filled: int) -> bool:
    """Whether a line opens a signature of `filled` lines, including itself."""
    if not line or filled > _SIGNATURE_LINES:
        return False
    if phrases.SENT_FROM.match(line.lstrip("*_ ")):
        return filled <= 3
    return phrases.SIGN_OFF.fullmatch(line) is not None
