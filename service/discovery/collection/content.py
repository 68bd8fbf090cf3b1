"""Tell what an item is: a mail, an archive, a mailbox, a file, or something that is refused by name."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from thresher.schemas.errors import Note
from thresher.schemas.source import Source
from thresher.service.discovery.collection.seven_zip_members import seven_zip_names
from thresher.service.discovery.collection.tar_members import is_tar, tar_names
from thresher.service.readers.detection.sniff import HEAD_BYTES, detect
from thresher.service.readers.mail.eml_reader import reader as eml_reader
from thresher.service.readers.mail.mbox_reader import reader as mbox_reader

Role = Literal["mail", "message", "tnef", "zip", "tar", "packed", "7z", "mbox", "pst", "file", "empty", "refused"]
ARCHIVES = frozenset(("zip", "tar", "packed", "7z"))
CONTAINERS = ARCHIVES | {"mbox", "pst"}
MAILS = frozenset(("mail", "message", "tnef"))
_SURE = 0.6  # confidence from which a text is taken for a mail or a mailbox
_MSG, _PST = "application/vnd.ms-outlook", "application/vnd.ms-outlook-pst"
_ROLES: dict[str, Role] = {
    _MSG: "message",
    _PST: "pst",
    "application/vnd.ms-tnef": "tnef",
    "application/zip": "zip",
    "application/x-tar": "tar",
    "application/x-7z-compressed": "7z",
}
_PACKED = frozenset(("application/gzip", "application/x-bzip2", "application/x-xz"))
_REFUSED_TYPES = {"application/vnd.rar": "a RAR archive", "application/zstd": "a Zstandard archive",
                  "application/vnd.ms-cab-compressed": "a cabinet archive"}  # fmt: skip
_REFUSED_SUFFIXES = {".olm": "an archive of Outlook for Mac (OLM)", ".rsmf": "an export of short messages (RSMF)",
                     ".nsf": "a Notes database (NSF)"}  # fmt: skip
_RSMF_FIELD = b"x-rsmf-"
_MAY_BE_EXPORTS = frozenset(("zip", "tar", "7z"))
_EXPORT_FILES = (
    ({"channels.json", "users.json"}, "an export of Slack"),
    ({"messages.json", "endpoints.json"}, "an export of Teams or Skype"),
)


@dataclass(frozen=True, slots=True)
class Content:
    """What an item is. `refusal` names what is refused; `notes` tell where the name contradicts the content."""

    role: Role
    media_type: str
    refusal: str = ""
    notes: tuple[Note, ...] = ()


def content_of(path: Path, name: str, *, declared: str | None = None, is_attached: bool = False) -> Content:
    """Return what a file is, by its bytes first and its name last. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        return Content("empty", "application/x-empty")
    found = detect(path, head, name, guess=False)
    if declared and declared.startswith("message/rfc822") and found.media_type.startswith("text/"):
        return Content("mail", "message/rfc822")
    role, media_type = _role(path, head, name, found.media_type, is_attached=is_attached)
    refusal = _refusal(path, head, name, role, media_type)
    return Content("refused" if refusal else role, media_type, refusal, found.notes)


def _role(path: Path, head: bytes, name: str, media_type: str, *, is_attached: bool) -> tuple[Role, str]:
    known = _ROLES.get(media_type)
    if known:
        return known, media_type
    if media_type in _PACKED:
        return ("tar" if is_tar(path, media_type) else "packed"), media_type
    if media_type.startswith(("text/plain", "message/", "application/mbox")):
        return _kind_of_mail(path, head, name, media_type, is_attached=is_attached)
    return "file", media_type


def _kind_of_mail(path: Path, head: bytes, name: str, media_type: str, *, is_attached: bool) -> tuple[Role, str]:
    """Tell a mail, a mailbox and a text apart as the readers do."""
    relation: Literal["root", "attachment"] = "attachment" if is_attached else "root"
    source = Source(path=name, blob=str(path), sha256="", size=0, name=name, media_type=media_type, relation=relation)
    box, mail = mbox_reader.confidence(head, source), eml_reader.confidence(head, source)
    if max(box, mail) < _SURE:
        return ("mail" if media_type == "message/rfc822" else "file"), media_type
    return ("mbox", "application/mbox") if box > mail else ("mail", "message/rfc822")


def _refusal(path: Path, head: bytes, name: str, role: Role, media_type: str) -> str:
    """Return the name of what is not read on purpose; empty for anything else."""
    suffix = PurePosixPath(name).suffix.lower()
    if media_type in _REFUSED_TYPES:
        return _REFUSED_TYPES[media_type]
    if suffix in _REFUSED_SUFFIXES:
        return _REFUSED_SUFFIXES[suffix]
    if role == "mail" and _RSMF_FIELD in head[:8192].lower():
        return _REFUSED_SUFFIXES[".rsmf"]
    return _export(path, role, media_type) if role in _MAY_BE_EXPORTS else ""


def _export(path: Path, role: Role, media_type: str) -> str:
    """Return the service that an archive is an export of; empty for any other."""
    try:
        names = _names(path, role, media_type)
    except Exception:  # noqa: BLE001 - damaged archives raise many types, and the reading tells of it
        return ""
    top = {name.rpartition("/")[2].lower() for name in names if name.removeprefix("./").count("/") <= 1}
    return next((service for files, service in _EXPORT_FILES if files <= top), "")


def _names(path: Path, role: Role, media_type: str) -> list[str]:
    if role == "tar":
        return tar_names(path, media_type)
    if role == "7z":
        return seven_zip_names(path)
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()
