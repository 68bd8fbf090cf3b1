"""Show the properties of Outlook's appointments, contacts, tasks and journal entries as fields."""

from __future__ import annotations

from thresher.service.readers.mail.outlook.compound_writer import Storage
from thresher.service.readers.mail.outlook.mapi import Node, named

_Wanted = tuple[tuple[str, int], ...]  # label, and a tag (below 0x8000) or a numeric name

_APPOINTMENT: _Wanted = (
    ("Start", 0x820D), ("End", 0x820E), ("Start", 0x0060), ("End", 0x0061), ("Location", 0x8208),
    ("All day", 0x8215), ("Recurrence", 0x8232), ("Required attendees", 0x823B), ("Optional attendees", 0x823C),
)  # fmt: skip
_CONTACT: _Wanted = (
    ("Name", 0x3001), ("Company", 0x3A16), ("Title", 0x3A17), ("Department", 0x3A18), ("E-mail", 0x8083),
    ("E-mail 2", 0x8093), ("E-mail 3", 0x80A3), ("Business phone", 0x3A08), ("Home phone", 0x3A09),
    ("Mobile phone", 0x3A1C), ("Fax", 0x3A24), ("Work address", 0x801B), ("Home address", 0x801A),
    ("Web page", 0x802B), ("Birthday", 0x3A42), ("Manager", 0x3A4E), ("Assistant", 0x3A30), ("Profession", 0x3A46),
    ("Business phone 2", 0x3A1B), ("Home phone 2", 0x3A2F), ("Other phone", 0x3A1F), ("Car phone", 0x3A1E),
    ("Radio phone", 0x3A1D), ("Primary phone", 0x3A1A), ("Callback phone", 0x3A02), ("Assistant's phone", 0x3A2E),
    ("Company phone", 0x3A57), ("ISDN", 0x3A2D), ("Telex", 0x3A2C), ("TTY/TDD phone", 0x3A4B), ("Pager", 0x3A21),
    ("Home fax", 0x3A25), ("Other fax", 0x3A23), ("Other address", 0x801C), ("Office", 0x3A19), ("Nickname", 0x3A4F),
    ("Account", 0x3A00), ("Customer ID", 0x3A4A), ("Government ID", 0x3A07), ("Spouse", 0x3A48), ("Anniversary", 0x3A41),
    ("Hobbies", 0x3A43), ("Referred by", 0x3A47), ("IM address", 0x8062), ("Personal page", 0x3A50), ("FTP site", 0x3A4C),
    ("Billing", 0x8535), ("Mileage", 0x8534),
)  # fmt: skip
_TASK: _Wanted = (
    ("Start", 0x8104), ("Due", 0x8105), ("Completed on", 0x810F), ("Complete", 0x811C), ("Percent", 0x8102),
    ("Status", 0x8101), ("Owner", 0x811F),
)  # fmt: skip
_JOURNAL: _Wanted = (("Entry type", 0x8700), ("Start", 0x8706), ("End", 0x8708), ("Minutes", 0x8707))
_BY_CLASS = {
    "ipm.appointment": _APPOINTMENT,
    "ipm.schedule.meeting": _APPOINTMENT,
    "ipm.contact": _CONTACT,
    "ipm.task": _TASK,
    "ipm.activity": _JOURNAL,
}
_PERCENTAGES = {0x8102}  # fractions shown as percent


def fields_of(message: Node, root: Storage, message_class: str) -> list[tuple[str, str]]:
    """Return (label, value) of each property that belongs to the message class and is set."""
    wanted = next((w for prefix, w in _BY_CLASS.items() if message_class.lower().startswith(prefix)), ())
    tags = named(root) if wanted else {}
    found: dict[str, str] = {}
    for label, name in wanted:
        tag = tags.get(name) if name >= 0x8000 else name
        value = _shown(message, tag, name) if tag is not None else ""
        if value:
            found.setdefault(label, value)
    return list(found.items())


def _shown(message: Node, tag: int, name: int) -> str:
    text = message.text(tag) or message.time(tag)
    if text:
        return " ".join(text.split())
    value = message.fixed.get(tag)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in _PERCENTAGES and isinstance(value, float):
        return f"{value:.0%}"
    return str(value) if isinstance(value, int) and 0 < value < 1 << 31 else ""
