"""Open a ZIP of XML parts (OOXML, ODF, EPUB) within limits: no ZIP bombs, no entities, no network."""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from lxml import etree

from thresher.schemas.errors import InputProblem, Note, note
from thresher.schemas.policy import Limits
from thresher.schemas.source import Source
from thresher.service.readers.archives.alternate_content import resolve_alternatives

_SMALL_BYTES = 2**20  # the ratio of a smaller member is not checked
_STEEP_BYTES = 16 * _SMALL_BYTES  # members over the ratio may have together: some real pictures compress that well
_RELS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_STRICT = (  # ISO 29500 strict has other namespaces; the elements are the same
    (b"http://purl.oclc.org/ooxml/officeDocument/", b"http://schemas.openxmlformats.org/officeDocument/2006/"),
    (b"http://purl.oclc.org/ooxml/wordprocessingml/", b"http://schemas.openxmlformats.org/wordprocessingml/2006/"),
    (b"http://purl.oclc.org/ooxml/drawingml/", b"http://schemas.openxmlformats.org/drawingml/2006/"),
    (b"http://purl.oclc.org/ooxml/spreadsheetml/", b"http://schemas.openxmlformats.org/spreadsheetml/2006/"),
)
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A relationship of one OOXML part to another part, or to something outside the file."""

    id: str
    type: str  # the last word of its URI: image, header, footnotes, oleObject
    target: str  # member name, or the address where `external`
    external: bool


@dataclass(slots=True)
class Package:
    """The members of one file. Damage to a member becomes a Note; the rest stays readable."""

    archive: zipfile.ZipFile
    names: dict[str, str]  # lower-case name to the name as written, as programs differ in case
    notes: list[Note] = field(default_factory=list)

    def __contains__(self, name: str) -> bool:
        """Whether a member is there, whatever its case."""
        return name.lower() in self.names

    def read(self, name: str) -> bytes:
        """Return the bytes of a member; empty where it is missing, or damaged (with a Note)."""
        stored = self.names.get(name.lower())
        if stored is None:
            return b""
        try:
            return self.archive.read(stored)
        except _DAMAGE:
            self.flag("corrupt_partial", name)
            return b""
        except RuntimeError as error:  # raised by zipfile for an encrypted member
            raise InputProblem("password_protected", name) from error

    def xml(self, name: str) -> Any | None:
        """Return the root element of a member, None where it is missing or beyond recovery.

        Malformed XML is recovered, with a Note. Of alternatives only what is shown is in it.
        """
        data = self.read(name)
        if not data:
            return None
        for strict, usual in _STRICT:
            data = data.replace(strict, usual)
        try:
            root = etree.fromstring(data, _parser())
        except (etree.XMLSyntaxError, ValueError):
            self.flag("corrupt_partial", name)
            root = _recovered(data)
        if root is not None and b"AlternateContent" in data:
            resolve_alternatives(root)
        return root

    def links(self, part: str) -> dict[str, Link]:
        """Return the relationships of an OOXML part by their id; `part` is empty for those of the whole file."""
        folder, base = posixpath.split(part)
        root = self.xml(posixpath.join(folder, "_rels", f"{base}.rels"))
        found = (_link(element, folder) for element in ([] if root is None else root.iter(_RELS)))
        return {link.id: link for link in found}

    def members(self) -> Iterator[str]:
        """Yield the names of all members, as written."""
        yield from self.names.values()

    def flag(self, code: str, detail: str) -> None:
        """Add a Note on a member, once."""
        found = note(code, detail)
        if found not in self.notes:
            self.notes.append(found)


def open_package(source: Source, limits: Limits) -> Package:
    """Open a Source's ZIP. Raises InputProblem `corrupt` or `expansion_limit` before anything is expanded."""
    try:
        archive = zipfile.ZipFile(source.blob)
    except _DAMAGE as error:
        raise InputProblem("corrupt", source.name or source.path) from error
    members = archive.infolist()
    _check_limits(members, limits)
    package, sums = Package(archive, {}), dict[str, int]()
    for member in members:
        name = member.filename.replace("\\", "/").lstrip("/").lower()
        if sums.setdefault(name, member.CRC) != member.CRC:
            package.flag("corrupt_partial", f"several members are called {name}")
        package.names[name] = member.filename
    return package


def _check_limits(members: list[zipfile.ZipInfo], limits: Limits) -> None:
    """Raise InputProblem(expansion_limit) for too many members, too many bytes or too high ratios."""
    if len(members) > limits.members:
        raise InputProblem("expansion_limit", f"{len(members)} members")
    if (total := sum(m.file_size for m in members)) > limits.expanded:
        raise InputProblem("expansion_limit", f"{total} bytes when expanded")
    steep = [m for m in members if m.file_size > _SMALL_BYTES and m.file_size > limits.ratio * max(m.compress_size, 1)]
    if sum(m.file_size for m in steep) > _STEEP_BYTES:
        raise InputProblem("expansion_limit", f"{steep[0].filename} expands more than {limits.ratio:g} times")


def _parser(*, recover: bool = False) -> Any:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, recover=recover
    )


def _recovered(data: bytes) -> Any | None:
    try:
        return etree.fromstring(data, _parser(recover=True))
    except (etree.XMLSyntaxError, ValueError):
        return None


def _link(element: Any, folder: str) -> Link:
    external = element.get("TargetMode") == "External"
    target = element.get("Target") or ""
    return Link(
        id=element.get("Id") or "",
        type=(element.get("Type") or "").rsplit("/", 1)[-1],
        target=target if external else _resolve(folder, target),
        external=external,
    )


def _resolve(folder: str, target: str) -> str:
    path = unquote(target.replace("\\", "/"))
    return posixpath.normpath(path if path.startswith("/") else posixpath.join("/", folder, path)).lstrip("/")
