"""Read EPUB books: the chapters of the spine in order, then those that only links lead to, as HTML."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from thresher.schemas.document import DocumentBuilder
from thresher.schemas.errors import InputProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.archives.zip_package import Package, open_package
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.charset import decode
from thresher.service.readers.office.package_reader import PackageReader
from thresher.service.readers.placed_pictures import PlacedPictures
from thresher.service.readers.web.html_blocks import write_html
from thresher.service.readers.web.html_pictures import PagePictures

# methods that only obfuscate fonts, which is not protection
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_LINK = re.compile(r"<link\b[^>]*>", re.IGNORECASE)
_HREF = re.compile(r"href\s*=\s*[\"']([^\"'?#]+)", re.IGNORECASE)
_PAGES = frozenset(("application/xhtml+xml", "text/html", "application/x-dtbook+xml"))
_FACTS = {"title": "title", "creator": "author", "language": "language", "publisher": "publisher", "date": "date"}


def read(source: Source, options: ReadOptions, spool: Spool) -> Reading:
    """Return the Document of a book. Raises InputProblem(rms_protected) where chapters are encrypted, or `corrupt`."""
    package = open_package(source, options.limits)
    folder, book = _book(package)
    if book is None:
        raise InputProblem("corrupt", f"no package file in {source.name or source.path}")
    chapters, pictures = list(_chapters(book, folder)), list(_pictures(book, folder))
    _refuse_protected(package, source)
    builder = DocumentBuilder(source, kind="office")
    for element in book.iter("{http://purl.org/dc/elements/1.1/}*"):
        name = _FACTS.get(element.tag.rsplit("}", 1)[-1])
        if name and (element.text or "").strip():
            builder.document.facts.setdefault(name, element.text.strip())
    children = {
        name: spool.child(source, data, name=posixpath.basename(name), ordinal=i, relation="inline")
        for i, name in enumerate(pictures)
        if (data := package.read(name))
    }
    placed = PlacedPictures(options, spool, children)
    for chapter in chapters:
        _write_chapter(builder, package, chapter, placed)
    builder.part("")
    builder.document.notes.extend(package.notes)
    return Reading(builder.build(), placed.remaining)


def _write_chapter(builder: DocumentBuilder, package: Package, chapter: str, pictures: PlacedPictures) -> None:
    """Write one chapter, with the words of its pictures where they stand."""
    data, folder = package.read(chapter), posixpath.dirname(chapter)
    if data:
        builder.part(posixpath.basename(chapter))
        html = decode(data).text
        sheets = [decode(package.read(name)).text for name in _sheets(html, folder)]
        shown = PagePictures(pictures, builder.document, {name: name for name in pictures.children}, folder)
        write_html(builder, html, hidden_text=pictures.options.hidden_text, linked=sheets, pictures=shown)
    elif chapter not in package:
        package.flag("corrupt_partial", f"chapter {chapter} is missing")


def _book(package: Package) -> tuple[str, Any | None]:
    """Return the folder of the package file, and its root element."""
    container = package.xml("META-INF/container.xml")
    named = [] if container is None else [e.get("full-path", "") for e in container.iter("{*}rootfile")]
    found = [*named, *(n for n in package.members() if n.endswith(".opf"))]
    path = next((n for n in found if n in package), "")
    if len({n for n in named if n in package}) > 1:
        package.flag("embedded_unreadable", f"the book has {len(set(named))} renditions, of which {path} is read")
    return posixpath.dirname(path), package.xml(path)


def _chapters(book: Any, folder: str) -> Iterator[str]:
    items = {i.get("id"): i for i in book.iter("{*}item")}
    spine = [_readable(items, reference.get("idref")) for reference in book.iter("{*}itemref")]
    beside = [
        i for i in items.values() if i.get("media-type") in _PAGES and "nav" not in i.get("properties", "").split()
    ]
    hrefs = [i.get("href", "").split("#")[0] for i in (*spine, *beside) if i is not None]
    for href in dict.fromkeys(filter(None, hrefs)):
        yield posixpath.normpath(posixpath.join(folder, unquote(href)))


def _readable(items: dict[str | None, Any], name: str | None) -> Any | None:
    """Return an item of the manifest, or what stands in for it where its type is none of a page."""
    seen: set[str | None] = set()
    first = item = items.get(name)
    while item is not None and item.get("media-type") not in _PAGES | {"image/svg+xml"} and name not in seen:
        seen.add(name)
        name = item.get("fallback")
        item = items.get(name)
    return first if item is None else item


def _sheets(html: str, folder: str) -> Iterator[str]:
    """Yield the members that a chapter links as style sheets."""
    for tag in _LINK.findall(html[:20_000]):
        if (href := _HREF.search(tag)) and "stylesheet" in tag.lower():
            yield posixpath.normpath(posixpath.join(folder, unquote(href[1])))


def _pictures(book: Any, folder: str) -> Iterator[str]:
    for item in book.iter("{*}item"):
        if item.get("media-type", "").startswith("image/") and "svg" not in item.get("media-type", ""):
            yield posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))


def _refuse_protected(package: Package, source: Source) -> None:
    root = package.xml("META-INF/encryption.xml")
    for method in [] if root is None else root.iter("{*}EncryptionMethod"):
        if method.get("Algorithm") not in _FONTS:
            raise InputProblem("rms_protected", source.name or source.path)


reader = PackageReader(name="epub", reading=read, types=("application/epub+zip",), mimetype=b"application/epub+zip")
