"""Read a compound file as a tree of storages and streams."""

from __future__ import annotations

import io
from typing import Any, Union

from thresher.schemas.errors import InputProblem
from thresher.service.readers.mail.outlook.compound_writer import Storage

_PROPERTY = "__substg1.0_"  # before the tag and type of a property, in hexadecimal digits


class CompoundFile(dict[str, Union[bytes, "Storage"]]):
    """The root storage of a file, and the paths of its streams that are shorter than the file says."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__()
        self.damaged: list[str] = []


def load(data: bytes, path: str) -> CompoundFile:
    """Return all storages and streams of a compound file. Raises InputProblem(corrupt)."""
    import olefile  # noqa: PLC0415 - only MSG files need it

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as file:
            return _tree(file, len(data))
    except InputProblem:
        raise
    except Exception as error:  # the library raises OSError, struct.error, IndexError and more
        raise InputProblem("corrupt", f"{path} ({type(error).__name__})") from error


def _tree(file: Any, left: int) -> CompoundFile:
    """Return the tree of a file; `left` is its length, which all streams together can not pass unless they overlap."""
    root = CompoundFile()
    for names in file.listdir(streams=True, storages=True):
        at: Storage = root
        for name in names[:-1]:
            inner = at.setdefault(usual_name(name), {})
            at = inner if isinstance(inner, dict) else {}
        if file.get_type(names) == 2:
            data = _stream(file, names, root.damaged)
            left -= len(data)
            if left < 0:
                root.damaged.append(f"{names[-1]}, which overlaps others")
                break
            at[usual_name(names[-1])] = data
        else:
            at.setdefault(usual_name(names[-1]), {})
    return root


def usual_name(name: str) -> str:
    """Return a name of an MSG file as Outlook writes it: the format does not tell capitals from small letters.

    >>> usual_name("__SUBSTG1.0_1000001f"), usual_name("__ATTACH_version1.0_#0000000A"), usual_name("Contents")
    ('__substg1.0_1000001F', '__attach_version1.0_#0000000A', 'Contents')
    """
    if not name.startswith("__"):
        return name
    small = name.lower()
    if small.startswith(_PROPERTY):
        return _PROPERTY + name[len(_PROPERTY) :].upper()
    head, mark, number = small.partition("#")
    return head + mark + number.upper()


def _stream(file: Any, names: list[str], damaged: list[str]) -> bytes:
    """Return a stream as far as its sectors are there."""
    try:
        data = bytes(file.openstream(names).read())
    except (OSError, ValueError):
        data = b""
    if len(data) < file.get_size(names):
        damaged.append("/".join(names))
    return data
