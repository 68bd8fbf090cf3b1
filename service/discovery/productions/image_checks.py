"""Check the page images of a production: every key once, every page there, every document known to the DAT."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from thresher.service.discovery.loadfiles.ipro import NativeLink, OtherCommand
from thresher.service.discovery.loadfiles.opticon import PageImage
from thresher.service.discovery.productions.file_checks import FileChecks
from thresher.service.discovery.productions.findings import Finding
from thresher.service.discovery.productions.volume_paths import FoundPath, PathEscapeError


@dataclass(slots=True)
class ImageCounts:
    """What the image load files hold; rows = found + missing + unread."""

    rows: int = 0
    found: int = 0
    missing: int = 0
    unread: int = 0
    documents: int = 0


@dataclass(slots=True)
class ImageChecks:
    """Goes through the pages in order; keeps the number of pages of each document of the DAT."""

    files: FileChecks
    ordinals: dict[str, int]  # document id to ordinal
    pages: array[int]  # pages by ordinal, counted here
    on_native: Callable[[int, str], None] | None = None  # gets a document's ordinal and its native
    on_page: Callable[[int, str, str | None], None] | None = None  # gets a document's ordinal, a page's key and file
    counts: ImageCounts = field(default_factory=ImageCounts)
    _keys: dict[str, int] = field(default_factory=dict)  # of the pages so far, and the hashes of their paths
    _document: tuple[str, PageImage, int] | None = None  # file, first page, rows so far

    def check(
        self, name: str, pages: Iterable[PageImage | NativeLink | OtherCommand | int], *, has_pages: bool = True
    ) -> None:
        """Check one load file of images; without `has_pages` its natives alone, as another file has its pages."""
        folder = "" if "/" not in name else str(PurePosixPath(name).parent)
        first, others = True, Counter[str]()
        for page in pages:
            if isinstance(page, OtherCommand):
                others[page.command] += 1
                continue
            if isinstance(page, NativeLink):
                self._check_native(name, folder, page)
                continue
            if not has_pages and isinstance(page, PageImage):
                continue
            self.counts.rows += 1
            if isinstance(page, int):
                self.counts.unread += 1
                self._find("opt_row_unread", name, page)
                continue
            if first and not page.begins_document:
                self._find("opt_first_row", name, page.row, page.key)
            self._check_page(name, folder, page, begins=first or page.begins_document or self._lacks_break(name, page))
            first = False
        self._end_document()
        for command, count in others.items():
            detail = f"{command}: {count} lines"
            self.files.findings.add(Finding(code="lfp_command_ignored", file=name, detail=detail))

    def _lacks_break(self, name: str, page: PageImage) -> bool:
        """Whether a page that begins no document has the id of one: its pages must not go to the document before it."""
        if page.key not in self.ordinals or page.key in self._keys:
            return False
        self._find("opt_break_missing", name, page.row, page.key)
        return True

    def _check_native(self, name: str, folder: str, native: NativeLink) -> None:
        """Look for a native that an LFP names."""
        found = self._searched(name, folder, native)
        ordinal = self.ordinals.get(native.key)
        if ordinal is None:
            self._find("opt_document_missing", name, native.row, native.key)
        if found:
            self.files.rules[found.rule] += 1
            self.files.take(found.path)
            if self.on_native and ordinal is not None:
                self.on_native(ordinal, found.path)

    def _searched(self, name: str, folder: str, native: NativeLink) -> FoundPath | None:
        try:
            found = self.files.files.find(native.path, folder)
        except PathEscapeError:
            self._find("path_escape", name, native.row, native.key, native.path)
            return None
        if found is None:
            self._find("missing_file", name, native.row, native.key, native.path)
        return found

    def _find(self, code: str, name: str, row: int, key: str | None = None, detail: str = "") -> None:
        self.files.findings.add(Finding(code=code, file=name, row=row, id=key, detail=detail))

    def _find_page(self, code: str, name: str, page: PageImage, path: str) -> None:
        """Record what is wrong with a page, as a finding about its document."""
        key = self._document[1].key if self._document else page.key
        self._find(code, name, page.row, key, f"page {page.key}, {path}")

    def _check_page(self, name: str, folder: str, page: PageImage, *, begins: bool) -> None:
        if page.key in self._keys:
            self._find("opt_duplicate_key", name, page.row, page.key)
            if self._keys[page.key] == hash(page.path):  # the same row once more is no page more
                self._found(name, folder, page)
                return
        self._keys.setdefault(page.key, hash(page.path))
        if page.mended:
            self._find("opt_columns", name, page.row, page.key, page.path)
        if begins:
            self._end_document()
            self._document = (name, page, 0)
            self.counts.documents += 1
            if page.key not in self.ordinals:
                self._find("opt_document_missing", name, page.row, page.key)
        if self._document:
            self._document = (*self._document[:2], self._document[2] + 1)
        found = self._found(name, folder, page)
        ordinal = self.ordinals.get(self._document[1].key) if self._document else None
        if self.on_page and ordinal is not None:
            self.on_page(ordinal, page.key, found.path if found else None)

    def _found(self, name: str, folder: str, page: PageImage) -> FoundPath | None:
        """Return the file of a page, counted."""
        try:
            found = self.files.files.find(page.path, folder)
        except PathEscapeError:
            self.counts.missing += 1
            self._find_page("path_escape", name, page, page.path)
            return None
        if found is None:
            self.counts.missing += 1
            self._find_page("opt_image_missing", name, page, page.path)
            return None
        self.counts.found += 1
        self._take(found, name, page)
        return found

    def _take(self, found: FoundPath, name: str, page: PageImage) -> None:
        self.files.rules[found.rule] += 1
        if found.path in self.files.named:
            return
        try:
            size, _ = self.files.take(found.path)
        except OSError as error:
            self._find_page("permission_denied", name, page, f"{found.path}: {error.strerror}")
            return
        if size == 0:
            self._find_page("zero_byte", name, page, found.path)

    def _end_document(self) -> None:
        """Compare the rows of the document that ends with its page count; a file of many pages is one row."""
        if self._document is None:
            return
        name, page, rows = self._document
        count = page.page_count if rows == 1 and page.page_count else rows
        if page.page_count not in {None, rows} and rows > 1:
            self._find("opt_pagecount_mismatch", name, page.row, page.key, f"{page.page_count} said, {rows} rows")
        if (ordinal := self.ordinals.get(page.key)) is not None:
            self.pages[ordinal] += count
        self._document = None
