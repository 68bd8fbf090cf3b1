"""Check the files that rows name: there, inside the volume, not empty, and what the load file says of them."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from thresher.service.discovery.loadfiles.columns import ColumnMap
from thresher.service.discovery.loadfiles.typed_values import flag, hash_digest, integer
from thresher.service.discovery.productions.findings import Finding, Findings
from thresher.service.discovery.productions.volume_paths import FoundPath, PathEscapeError, VolumeFiles

PATH_TEXT_MAX_CHARS = 400  # an EXTRACTEDTEXT cell beyond this, or of several lines, is text and no path
BLOCK_BYTES = 1 << 20
SLIP_SHEET_MAX_CHARS = 500  # a longer text has content of its own
_WITHHELD = re.compile(
    r"\bdocuments?\s+withheld\b|\bwithheld\s+(?:based|as|for|on|due)\b.{0,40}\bprivileg", re.IGNORECASE | re.DOTALL
)
_NATIVE = re.compile(
    r"\b(?:produced|provided|delivered)\b[^.]{0,30}\bnative\b|\bnative\s+(?:file|format|document)s?\b[^.]{0,30}\b(?:produced|provided)\b"
    r"|\bsee\s+native\b|\bnative\s+placeholder\b",
    re.IGNORECASE,
)
_LETTER = re.compile(r"^[ \t]*(?:(?:from|to|sent|date|subject)[ \t]*:|dear\b)", re.IGNORECASE | re.MULTILINE)
_SLIP_SHEET_MAX_WORDS = 30
_REDACTED = re.compile(r"\bredact(?:ed|ion)", re.IGNORECASE)
_HELD_BACK = re.compile(r"\bwith(?:held|hold)\b", re.IGNORECASE)
_PROPERTIES = (
    "RECORDTYPE",
    "CONFIDENTIALITY",
    "PRIVTYPE",
    "PRIVLOG",
)  # columns that may tell what was done to a document
_TEXT_PATH = re.compile(r"[^\n;]*\\[^\n;]*\.[tT][xX][tT]")
_LINKS = ("NATIVELINK", "TEXTLINK", "EXTRACTEDTEXT")
_MAIL_MARKS = ("FROM", "TO", "DATESENT", "MESSAGEID")
_HASHES = {"MD5HASH": "md5", "SHA1HASH": "sha1", "SHA256HASH": "sha256"}


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Hashes and size of a file of the volume."""

    path: str
    size: int
    md5: str
    sha1: str
    sha256: str


def file_facts(root: Path, path: str) -> FileFacts:
    """Return size and hashes of a file, read once."""
    digests = [hashlib.md5(usedforsecurity=False), hashlib.sha1(usedforsecurity=False), hashlib.sha256()]
    size = 0
    with (root / path).open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            size += len(block)
            for digest in digests:
                digest.update(block)
    return FileFacts(path, size, *(digest.hexdigest() for digest in digests))


def is_redacted(columns: ColumnMap, row: list[str]) -> bool:
    """Whether a row says that its document is redacted, in any column that tells of it or among its properties (DOJ).

    A value that is neither yes nor no counts as yes: what was redacted must not be read by mistake.
    """
    if any(flag(row[i]) is not False for i in columns.redactions):
        return True
    return any(_REDACTED.search(said) for name in _PROPERTIES for said in columns.values(row, name))


def is_withheld(columns: ColumnMap, row: list[str]) -> bool:
    """Whether a row is a slip-sheet for a document withheld as privileged."""
    if any(flag(said) is not False for said in columns.values(row, "WITHHELD")):
        return True
    if any(_HELD_BACK.search(said) for said in columns.values(row, "PRIVTYPE")):
        return True
    return any(says_withheld(said) for name in ("TITLE", *_PROPERTIES) for said in columns.values(row, name))


def says_withheld(text: str) -> bool:
    """Whether a short text is that of a slip-sheet for a withheld document.

    >>> says_withheld("Document Withheld Based On Privilege"), says_withheld("Tax withheld in 2001")
    (True, False)
    """
    return _is_slip_sheet(text, _WITHHELD)


def says_native(text: str) -> bool:
    r"""Whether a short text is that of a slip-sheet for a document that was produced as its native.

    >>> says_native("ABC0001\nProduced in Native Format"), says_native("To: Ann\nThe map was produced in native form.")
    (True, False)
    """
    return _is_slip_sheet(text, _NATIVE)


def _is_slip_sheet(text: str, phrase: re.Pattern[str]) -> bool:
    """Whether a text is little more than a phrase; a letter or mail that has it is none."""
    if len(text) > SLIP_SHEET_MAX_CHARS or phrase.search(text) is None:
        return False
    return len(text.split()) <= _SLIP_SHEET_MAX_WORDS and _LETTER.search(text) is None


@dataclass(slots=True)
class RowFiles:
    """The files of one row."""

    native: FoundPath | None = None
    text: FoundPath | None = None
    text_is_path: bool = False  # EXTRACTEDTEXT named a file
    escapes: dict[str, str] = field(default_factory=dict)  # column to a path that leaves the volume


@dataclass(slots=True)
class FileChecks:
    """Looks for the files of rows, remembers which were named, and checks what is said of them."""

    files: VolumeFiles
    columns: ColumnMap
    loadfile: str
    findings: Findings
    on_file: Callable[[FileFacts], None] | None = None  # gets the facts of every file named, in no promised order
    rules: Counter[int] = field(default_factory=Counter)  # paths found by each rule
    named: set[str] = field(default_factory=set)

    def row_files(self, row: list[str]) -> RowFiles:
        """Return the files that a row names, and the paths that leave the volume: the other files of the row stand."""
        folder = "" if self.loadfile.count("/") == 0 else str(PurePosixPath(self.loadfile).parent)
        native, text = self.columns.value(row, "NATIVELINK"), self.columns.value(row, "TEXTLINK")
        extracted = self.columns.value(row, "EXTRACTEDTEXT")
        found = RowFiles()
        if native:
            found.native = self._inside("NATIVELINK", native, folder, found)
        if text:
            found.text = self._inside("TEXTLINK", text, folder, found)
        elif extracted and len(extracted) <= PATH_TEXT_MAX_CHARS and "\n" not in extracted:
            found.text = self._perhaps(extracted, folder)
            found.text_is_path = found.text is not None
        return found

    def _inside(self, column: str, written: str, folder: str, row: RowFiles) -> FoundPath | None:
        """Return a file of the volume; None, with a note in the row's files, for a path that leaves it."""
        try:
            return self.files.find(written, folder)
        except PathEscapeError:
            row.escapes[column] = written
            return None

    def _perhaps(self, text: str, folder: str) -> FoundPath | None:
        """Return the file that a text names, if it is a path at all."""
        try:
            return self.files.find(text, folder)
        except PathEscapeError:
            return None

    def check(self, rows: Iterable[list[str]], numbers: Iterable[int]) -> None:
        """Check the files of some rows."""
        if self.columns.positions.keys().isdisjoint(_LINKS):
            return
        for row, number in zip(rows, numbers, strict=True):
            self._check_row(self.row_files(row), row, number)

    def _find(self, code: str, row: list[str], number: int, *, column: str | None = None, detail: str = "") -> None:
        document_id = self.columns.value(row, "BEGBATES") or None
        self.findings.add(
            Finding(code=code, file=self.loadfile, row=number, column=column, id=document_id, detail=detail)
        )

    def _check_row(self, found: RowFiles, row: list[str], number: int) -> None:
        for name, file in (("NATIVELINK", found.native), ("TEXTLINK", found.text)):
            if (written := self.columns.value(row, name)) and file is None:
                code = "path_escape" if name in found.escapes else "missing_file"
                self._find(code, row, number, column=name, detail=written[:200])
        extracted = self.columns.value(row, "EXTRACTEDTEXT")
        if found.text is None and len(extracted) <= PATH_TEXT_MAX_CHARS and _TEXT_PATH.fullmatch(extracted):
            self._find("missing_file", row, number, column="EXTRACTEDTEXT", detail=extracted[:200])
        for file in (found.native, found.text):
            if file:
                self.rules[file.rule] += 1
                self._check_file(file, row, number, is_native=file is found.native)
        if found.native and is_redacted(self.columns, row):
            self._find("native_for_redacted", row, number, detail=found.native.path)
        elif found.native and is_withheld(self.columns, row):
            self._find("native_withheld", row, number, detail=found.native.path)

    def _check_file(self, file: FoundPath, row: list[str], number: int, *, is_native: bool) -> None:
        try:
            size, facts = self.take(file.path)
        except OSError as error:
            self._find("permission_denied", row, number, detail=f"{file.path}: {error.strerror}")
            return
        if size == 0:
            self._find("zero_byte", row, number, detail=file.path)
        if is_native:
            self._compare(file, size, facts, row, number)

    def take(self, path: str) -> tuple[int, FileFacts | None]:
        """Note that a file was named; return its size in bytes, and its facts where they are wanted. Raises OSError."""
        first = path not in self.named
        self.named.add(path)
        if self.on_file is None:
            return (self.files.root / path).stat().st_size, None
        facts = file_facts(self.files.root, path)
        if first:
            self.on_file(facts)
        return facts.size, facts

    def _compare(self, file: FoundPath, size: int, facts: FileFacts | None, row: list[str], number: int) -> None:
        """Compare size and hash with what the row says; a mail's hash is the vendor's own, and is not compared."""
        said = integer(self.columns.value(row, "FILESIZE"))
        if said is not None and said not in {size, size // 1024, -(-size // 1024)}:  # some give kilobytes
            self._find("produced_size_mismatch", row, number, detail=f"{file.path}: {said} said, {size} found")
        if facts is None or any(self.columns.value(row, name) for name in _MAIL_MARKS):
            return
        for name, kind in _HASHES.items():
            digest = hash_digest(self.columns.value(row, name))
            if digest and digest != getattr(facts, kind):
                self._find("produced_hash_mismatch", row, number, column=name, detail=file.path)
