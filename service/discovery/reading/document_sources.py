"""Find the files that stand for a document of a matter: its original, or what a production gave of it.

A redacted document has only its produced text or images; a withheld one, and one of which nothing was produced, has no
file at all. Whatever was not copied into the matter is hashed again before it is read.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from thresher.schemas.discovery.matter import MatterDocument, ProducedFiles
from thresher.schemas.errors import InputProblem
from thresher.schemas.source import Source
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.matter.originals import hashes_of_file
from thresher.service.discovery.matter.work import WorkStore

PRODUCED_TEXT = "text/plain; produced"  # declared type of a text that is read as it stands, whatever it looks like


class HashMismatch(InputProblem):
    """A file is not the one that was imported."""


class DocumentSources:
    """The files of the documents of one Matter."""

    def __init__(self, matter: Matter) -> None:
        """Look into an open Matter."""
        self._matter = matter
        self._work = WorkStore(matter.store)
        self._roots = {row.number: Path(row.path) for row in self._work.sources()}

    def sources(self, document: MatterDocument, path: str) -> list[Source]:
        """Return the Sources of a document, the first under `path`; several only for page images.

        Raises InputProblem: `file_not_found`; `corrupt` where a file is not the one that was imported; `no_text` where
        nothing may be read.
        """
        if document.withheld:
            raise InputProblem("no_text", f"{path} was withheld")
        if document.produced is not None:
            return self._produced(document, document.produced, path)
        file = self._matter.original(document)
        if file != self._matter.originals.path(document.sha256):
            _check(file, document.sha256, path)
        return [_source(file, document.sha256, path, document)]

    def _produced(self, document: MatterDocument, files: ProducedFiles, path: str) -> list[Source]:
        name = document.bates_begin or document.id
        if files.text_from == "load_file" and files.text_sha256:
            file = self._matter.originals.path(files.text_sha256)
            return [_text(_source(file, files.text_sha256, path, document), f"{name}.txt")]
        if files.text_from == "text_file" and files.text:
            return [_text(self._volume_file(document, files.text, path), f"{name}.txt")]
        if files.text_from == "native" and files.native and not document.redacted:
            return [self._volume_file(document, files.native, path)]
        if files.text_from == "images" and files.images:
            return self._images(document, files, path)
        raise InputProblem("no_text", f"{path}: nothing was produced that may be read")

    def _images(self, document: MatterDocument, files: ProducedFiles, path: str) -> list[Source]:
        first = self._volume_file(document, files.images[0], path)
        later = [self._volume_file(document, image, f"{path}!/{n}") for n, image in enumerate(files.images[1:], 2)]
        parts = [s.model_copy(update={"parent": first.id, "relation": "part", "ordinal": n, "depth": 1})
                 for n, s in enumerate(later)]  # fmt: skip
        return [first, *parts]

    def _volume_file(self, document: MatterDocument, name: str, path: str) -> Source:
        """Return a file of a production, which lies below its volume and is the one that was received."""
        root = self._roots.get(document.source, Path()).resolve()
        file = root / PurePosixPath(name)
        if not file.resolve().is_relative_to(root):
            raise InputProblem("unsafe_path", f"{path}: {name} leads out of the volume")
        received = self._work.input(document.source, name)
        sha256 = _check(file, received.sha256 if received else None, path)
        return _source(file, sha256, path, document).model_copy(update={"name": file.name})


def _check(file: Path, sha256: str | None, path: str) -> str:
    """Return the hash of a file, which must be the one that was recorded: a record without one could name any file."""
    try:
        found = hashes_of_file(file).sha256
    except OSError as error:
        raise InputProblem("file_not_found", f"{path}: {file} ({error.strerror or type(error).__name__})") from error
    if found != sha256:
        raise HashMismatch("corrupt", f"{path} is not the file that was imported (hash_mismatch)")
    return found


def _source(file: Path, sha256: str, path: str, document: MatterDocument) -> Source:
    try:
        size = file.stat().st_size
    except OSError as error:
        raise InputProblem("file_not_found", f"{path} ({error.strerror or type(error).__name__})") from error
    name = document.name or PurePosixPath(document.path).name or "unnamed"
    return Source(path=path, blob=str(file), sha256=sha256, size=size, media_type=document.media_type, name=name,
                  custodian=document.custodian or None)  # fmt: skip


def _text(source: Source, name: str) -> Source:
    return source.model_copy(update={"declared_type": PRODUCED_TEXT, "media_type": "text/plain", "name": name})
