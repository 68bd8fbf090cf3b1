"""Tell where the bytes of a TAR end, as tarfile stops without a word at the first block that it does not take for a header."""

from __future__ import annotations

import io
import tarfile

_PIECE_BYTES = 1 << 20


class TarStream(io.RawIOBase):
    """A stream of a TAR that counts the bytes read, all and up to the last one that is not zero."""

    def __init__(self, file: io.BufferedIOBase) -> None:
        """Read from `file`."""
        self._file = file
        self.position = self._written_to = 0

    def readable(self) -> bool:
        """Return that it is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return some bytes, none at the end."""
        piece = self._file.read1(_PIECE_BYTES if size < 0 else min(size, _PIECE_BYTES))
        if bare := len(piece.rstrip(b"\0")):
            self._written_to = self.position + bare
        self.position += len(piece)
        return piece

    def fault_behind(self, archive: tarfile.TarFile) -> str:
        """Return what is wrong behind the last member of an archive that was read to its end; nothing where it ends as it should."""
        while self.read():
            pass
        ends = self._written_to <= archive.offset < self.position
        return "" if ends else f"neither a file nor the archive's end at byte {archive.offset}"
