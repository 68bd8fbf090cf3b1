"""Read the core of an EDRM XML 1.2 as a table: one row a Document, its tags as columns, its parent from the Relationships.

    <Root><Batch><Documents><Document DocID= DocType= MimeType=> <Tags><Tag TagName= TagValue=/></Tags>
      <Files><File FileType="Native|Text"><ExternalFile FilePath= FileName= Hash= HashType=/></File></Files>
      <Locations><Location><Custodian/><LocationURI/></Location></Locations> </Document></Documents>
      <Relationships><Relationship Type="Container" ParentDocId= ChildDocId=/></Relationships></Batch></Root>

Two passes: relationships and names of tags stand behind, or in, the documents. A document type declaration is refused, so that no
entity expands. Files of other types than Native and Text are named in a column of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from thresher.schemas.errors import InputProblem
from thresher.service.discovery.loadfiles import text_encoding
from thresher.service.discovery.loadfiles.columns import map_columns
from thresher.service.discovery.loadfiles.dat_file import DatFile
from thresher.service.discovery.loadfiles.delimiters import Delimiters
from thresher.service.discovery.loadfiles.options import LoadOptions
from thresher.service.discovery.loadfiles.rows import RowBlock

READ_BYTES = 1 << 16
DOCUMENTS_AT_ONCE = 1000
FIXED = (
    "DOCID",
    "PARENTID",
    "RECORDTYPE",
    "MIMETYPE",
    "CUSTODIAN",
    "FILEPATH",
    "NATIVELINK",
    "TEXTLINK",
    "MD5HASH",
    "SHA1HASH",
)
OTHER_FILES = "OTHER FILES"
_LINKS = {"native": "NATIVELINK", "text": "TEXTLINK"}
_HASHES = {"MD5": "MD5HASH", "SHA1": "SHA1HASH", "SHA-1": "SHA1HASH"}
_TEXTS = {"Custodian": "CUSTODIAN", "LocationURI": "FILEPATH"}


@dataclass(slots=True)
class _Handlers:
    """What expat calls; documents that are complete wait in `documents`."""

    documents: list[dict[str, str]] = field(default_factory=list)
    parents: dict[str, str] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    is_edrm: bool = False
    _document: dict[str, str] = field(default_factory=dict)
    _file_type: str = ""
    _text: list[str] = field(default_factory=list)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take an element's attributes."""
        self.path.append(name)
        self._text.clear()
        self.is_edrm = self.is_edrm or self.path == ["Root", "Batch"]
        if name == "Document" and self.path[-2:-1] == ["Documents"]:
            self._document = {
                "DOCID": attributes.get("DocID", ""),
                "RECORDTYPE": attributes.get("DocType", ""),
                "MIMETYPE": attributes.get("MimeType", ""),
            }
        elif name == "Tag":
            self._add(attributes.get("TagName", ""), attributes.get("TagValue", ""))
        elif name == "File":
            self._file_type = attributes.get("FileType", "").casefold()
        elif name == "ExternalFile":
            self._add_file(attributes)
        elif name == "Relationship" and attributes.get("Type", "Container") in {"Container", "Attachment"}:
            self.parents.setdefault(attributes.get("ChildDocId", ""), attributes.get("ParentDocId", ""))

    def _add(self, name: str, value: str) -> None:
        """Add a value; several of one name are joined."""
        if name and value:
            before = self._document.get(name)
            self._document[name] = f"{before};{value}" if before else value

    def _add_file(self, attributes: dict[str, str]) -> None:
        parts = [part for part in (attributes.get("FilePath", ""), attributes.get("FileName", "")) if part]
        self._add(_LINKS.get(self._file_type, OTHER_FILES), "\\".join(parts))
        kind = _HASHES.get(attributes.get("HashType", "").upper())
        if kind and self._file_type == "native":
            self._add(kind, attributes.get("Hash", ""))

    def text(self, data: str) -> None:
        """Take a piece of text."""
        if self.path and self.path[-1] in _TEXTS:
            self._text.append(data)

    def end(self, name: str) -> None:
        """Close an element."""
        if name in _TEXTS and "Document" in self.path:
            self._add(_TEXTS[name], "".join(self._text).strip())
        if name == "Document" and self.path[-2:-1] == ["Documents"]:
            self.documents.append(self._document)
        self.path.pop()


def _refuse(*_: Any) -> None:
    raise InputProblem("corrupt", "an EDRM XML has no document type declaration, and this file has one")


def _documents(path: Path, handlers: _Handlers) -> Iterator[dict[str, str]]:
    """Yield the documents of a file. Raises InputProblem: corrupt, unsupported_loadfile."""
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler, parser.EndElementHandler = handlers.start, handlers.end
    parser.CharacterDataHandler = handlers.text
    parser.buffer_text = True
    try:
        with path.open("rb") as file:
            while block := file.read(READ_BYTES):
                parser.Parse(block)
                yield from handlers.documents
                handlers.documents.clear()
            parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise InputProblem("corrupt", f"{path.name}: {error}") from error
    if not handlers.is_edrm:
        raise InputProblem("unsupported_loadfile", f"{path.name} is XML, but not of EDRM")


@dataclass(frozen=True, slots=True, kw_only=True)
class EdrmFile(DatFile):
    """An EDRM XML, read as a load file of one row a document."""

    parents: dict[str, str]

    def blocks(self) -> Iterator[RowBlock]:
        """Yield the documents as rows; the first has number 2, as behind a header."""
        block = RowBlock(first_row=2)
        for document in _documents(self.path, _Handlers()):
            document["PARENTID"] = self.parents.get(document["DOCID"], "")
            block.rows.append([document.get(header, "") for header in self.columns.headers])
            if len(block.rows) >= DOCUMENTS_AT_ONCE:
                yield block
                block = RowBlock(first_row=block.first_row + len(block.rows))
        if block.rows:
            yield block


def open_edrm(root: Path, name: str, options: LoadOptions) -> EdrmFile:
    """Return an EDRM XML, ready to be read. Raises InputProblem: corrupt, unsupported_loadfile."""
    path, handlers = root / name, _Handlers()
    headers = dict.fromkeys(FIXED)
    for document in _documents(path, handlers):
        headers.update(dict.fromkeys(document))
    return EdrmFile(
        path=path,
        name=name,
        encoding=text_encoding.detect(path),
        delimiters=Delimiters(separator="\x14"),
        has_header=True,
        columns=map_columns(list(headers), options.fields),
        double_encoded=False,
        parents=handlers.parents,
    )
