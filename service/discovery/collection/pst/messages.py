"""Read folders and messages of a PST, and write each message as the MSG file that Outlook would save (MS-OXMSG).

So a message of a mailbox has bytes, which can be hashed, kept, and read by the reader of MSG files like any other. The
same message always gives the same bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from thresher.service.discovery.collection.pst.file import Node, PstDamaged, PstFile
from thresher.service.discovery.collection.pst.properties import NodeData, Property
from thresher.service.readers.mail.outlook.compound_writer import Storage, write_compound

ROOT_FOLDER = 0x122
_FOLDER, _MESSAGE, _ATTACHMENT = 0x02, 0x04, 0x05  # kinds of nodes
_NAMES, _RECIPIENTS = 0x61, 0x692  # the node of named properties, the table of recipients
_NAME, _COUNT, _SUBJECT, _METHOD, _DATA = 0x3001, 0x3602, 0x0037, 0x3705, 0x3701
_EMBEDDED = 5
_DEPTH = 20  # messages inside messages
_MAX_ATTACHMENTS = 10_000  # of a message and of all inside it
_MAX_FOLDERS_DEEP = 200  # names in a path; what lies deeper begins at a name made up
_FIXED = frozenset((0x0002, 0x0003, 0x0004, 0x0005, 0x0006, 0x0007, 0x000A, 0x000B, 0x0014, 0x0040))
_TEXTS = {0x001E: 1, 0x001F: 2}  # string types, and the bytes of a final zero
_NAME_STREAMS = (0x0002, 0x0003, 0x0004)  # GUIDs, entries, strings
_PROPERTIES, _STREAM = "__properties_version1.0", "__substg1.0_"
_READABLE = 6  # flags of a property entry: readable and writable


@dataclass(slots=True)
class PstFolder:
    """A folder: its path, the number of messages that it states, and the messages that there are."""

    nid: int
    path: str
    stated: int
    messages: list[int] = field(default_factory=list)


def folders(pst: PstFile) -> list[PstFolder]:
    """Return the folders by their ids, each with its messages in order; also messages whose folder is missing."""
    parents: dict[int, int] = {}
    messages: dict[int, list[int]] = {}
    for node in pst.nodes():
        if node.kind == _FOLDER:
            parents[node.nid] = node.parent
        elif node.kind == _MESSAGE:
            messages.setdefault(node.parent, []).append(node.nid)
    facts = {nid: _folder_facts(pst, nid) for nid in {*parents, *messages}}
    found = [PstFolder(nid, _path(nid, parents, facts), facts[nid][1], messages.get(nid, [])) for nid in sorted(facts)]
    return [folder for folder in found if folder.messages or folder.stated]


def _folder_facts(pst: PstFile, nid: int) -> tuple[str, int]:
    """Return the name of a folder and the number of messages that it states; of a damaged one a name made up."""
    try:
        node = pst.node(nid)
        found = {p.tag: p.data for p in NodeData(pst, node).properties()} if node else {}
        name = found.get(_NAME, b"").decode("utf-16-le", "replace").strip("\0")
        return name, struct.unpack("<i", found[_COUNT])[0] if _COUNT in found else 0
    except (PstDamaged, struct.error):
        return f"folder-{nid:x}", 0


def _path(nid: int, parents: dict[int, int], facts: dict[int, tuple[str, int]]) -> str:
    """Return the names of a folder and of those around it; the topmost has no name."""
    names: list[str] = []
    seen: set[int] = set()
    while nid in facts and nid != ROOT_FOLDER and nid not in seen:
        if len(seen) == _MAX_FOLDERS_DEEP:  # a chain of all folders would give each a path as long as the file
            names.append(f"folder-{nid:x}")
            break
        seen.add(nid)
        names.append(facts[nid][0].replace("/", "_") or f"folder-{nid:x}")
        nid = parents.get(nid, ROOT_FOLDER)
    return "/".join(reversed(names))


def message_file(pst: PstFile, nid: int) -> tuple[bytes, list[str]]:
    """Return a message as an MSG file, and what of it could not be read. Raises PstDamaged for the message as a whole."""
    node = pst.node(nid)
    if node is None:
        raise PstDamaged(f"the message {nid:x} is missing")
    pst.faults.clear()
    faults = pst.faults
    storage = _MessageWriter(pst, faults).message(node, 0)
    storage[_PROPERTIES] = _with_long_header(storage[_PROPERTIES])
    storage["__nameid_version1.0"] = _names(pst)
    return write_compound(storage), list(dict.fromkeys(faults))


def _with_long_header(table: bytes | Storage) -> bytes:
    """Return the table of an embedded message as that of a whole file, whose header is 8 bytes longer."""
    if not isinstance(table, bytes):
        raise PstDamaged("a message without properties")
    return table[:24] + bytes(8) + table[24:]


def _names(pst: PstFile) -> Storage:
    """Return the names of named properties, whose form a PST and an MSG share."""
    found: dict[int, bytes] = {}
    node = pst.node(_NAMES)
    if node is not None:
        try:
            found = {p.tag: p.data for p in NodeData(pst, node).properties()}
        except PstDamaged:
            found = {}
    return {f"{_STREAM}{tag:04X}0102": found.get(tag, b"") for tag in _NAME_STREAMS}


class _MessageWriter:
    """Writes messages, their recipients and attachments as storages."""

    def __init__(self, pst: PstFile, faults: list[str]) -> None:
        self._pst = pst
        self._faults = faults
        self._attachments = 0

    def message(self, node: Node, depth: int) -> Storage:
        """Return a message with all that it holds."""
        data = NodeData(self._pst, node)
        storage: Storage = {}
        recipients = self._recipients(data)
        attachments = [inner for nid, inner in sorted(data.inner.items()) if inner.kind == _ATTACHMENT]
        for number, row in enumerate(recipients):
            storage[f"__recip_version1.0_#{number:08X}"] = self._storage(row, 8)
        for number, inner in enumerate(attachments):
            storage[f"__attach_version1.0_#{number:08X}"] = self._attachment(inner, number, depth)
        properties = [_without_prefix(p) if p.tag == _SUBJECT else p for p in data.properties()]
        counts = struct.pack("<8xIIII", len(recipients), len(attachments), len(recipients), len(attachments))
        storage.update(self._storage(properties, 24, counts))
        return storage

    def _recipients(self, data: NodeData) -> list[list[Property]]:
        node = data.inner.get(_RECIPIENTS)
        if node is None:
            return []
        try:
            return list(NodeData(self._pst, node).rows())
        except (PstDamaged, struct.error) as error:
            self._faults.append(f"the recipients ({error})")
            return []

    def _attachment(self, node: Node, number: int, depth: int) -> Storage:
        """Return an attachment; one that can not be read keeps what is known of it, and is reported."""
        self._attachments += 1
        if self._attachments > _MAX_ATTACHMENTS:  # messages that hold each other would be written without end
            raise PstDamaged(f"more than {_MAX_ATTACHMENTS} attachments")
        try:
            data = NodeData(self._pst, node)
            properties = list(data.properties())
        except (PstDamaged, struct.error) as error:
            self._faults.append(f"attachment {number + 1} ({error})")
            return self._storage([], 8)
        found = {p.tag: p for p in properties}
        method = int.from_bytes(found[_METHOD].data, "little") if _METHOD in found else 0
        if method != _EMBEDDED:
            return self._storage(properties, 8)
        storage = self._storage([p for p in properties if p.tag != _DATA], 8)
        try:
            storage[f"{_STREAM}{_DATA:04X}000D"] = self._embedded(data, found.get(_DATA), depth)
        except (PstDamaged, struct.error) as error:
            self._faults.append(f"the embedded message of attachment {number + 1} ({error})")
        return storage

    def _embedded(self, data: NodeData, reference: Property | None, depth: int) -> Storage:
        """Return an embedded message, which is a node inside the attachment's."""
        if reference is None or len(reference.data) < 4:
            raise PstDamaged("it is not referred to")
        if depth >= _DEPTH:
            raise PstDamaged(f"it is {depth} messages deep")
        node = data.inner.get(struct.unpack_from("<I", reference.data)[0])
        if node is None:
            raise PstDamaged("it is missing")
        return self.message(node, depth + 1)

    def _storage(self, properties: Iterable[Property], header: int, counts: bytes = b"") -> Storage:
        """Return properties as a storage: fixed ones in its table, others in streams of their own."""
        storage: Storage = {}
        table = [counts.ljust(header, b"\0")]
        for p in sorted(properties, key=lambda p: (p.tag, p.kind)):
            if p.kind == 0:
                self._faults.append(f"the property {p.tag:04x}")
            elif p.kind in _FIXED:
                table.append(struct.pack("<HHI8s", p.kind, p.tag, _READABLE, p.data[:8]))
            else:
                size = len(p.data) + _TEXTS.get(p.kind, 0)
                table.append(struct.pack("<HHIII", p.kind, p.tag, _READABLE, size & 0xFFFFFFFF, 0))
                storage.update(_streams(p))
        storage[_PROPERTIES] = b"".join(table)
        return storage


def _streams(p: Property) -> Iterator[tuple[str, bytes]]:
    """Yield the streams of a property; one of several strings or blobs has a stream for each (MS-OXMSG 2.1.4)."""
    name = f"{_STREAM}{p.tag:04X}{p.kind:04X}"
    if p.kind not in {0x101E, 0x101F, 0x1102} or len(p.data) < 4:
        yield name, p.data
        return
    count = min(struct.unpack_from("<I", p.data)[0], (len(p.data) - 4) // 4)
    offsets = [*struct.unpack_from(f"<{count}I", p.data, 4), len(p.data)]
    values = [p.data[a:b] for a, b in pairwise(offsets)]
    wide = 8 if p.kind == 0x1102 else 4
    yield name, b"".join(len(value).to_bytes(wide, "little") for value in values)
    yield from ((f"{name}-{i:08X}", value) for i, value in enumerate(values))


def _without_prefix(p: Property) -> Property:
    """Return a subject without the two characters that say how long its prefix is (MS-PST 2.5.3.1.1.1)."""
    wide = 2 if p.kind == 0x001F else 1
    if p.data[:wide].rstrip(b"\0") != b"\x01":
        return p
    return Property(p.tag, p.kind, p.data[2 * wide :])
