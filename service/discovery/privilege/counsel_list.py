"""Read a list of counsel, and find them among the people of a document.

One address or domain a line (`ann@firm.example`, `firm.example`, `@firm.example`); a domain stands for those below it,
too. Behind a `#` are remarks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.utils import getaddresses
from pathlib import Path

from thresher.schemas.discovery.matter import MatterDocument
from thresher.schemas.errors import InputProblem

_ADDRESS = re.compile(r"(?<![\w.+-])[\w.+'-]{1,64}@(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])")


@dataclass(frozen=True, slots=True)
class CounselList:
    """Addresses and domains of counsel, in lower case."""

    addresses: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()

    def holds(self, address: str) -> bool:
        """Whether an address is counsel's.

        >>> known = counsel_list(["ann@in-house.example", "@firm.example"])
        >>> [known.holds(a) for a in ("ANN@in-house.example", "x@uk.firm.example", "x@myfirm.example")]
        [True, True, False]
        """
        whole = address.casefold()
        parts = whole.rpartition("@")[2].split(".")
        return whole in self.addresses or any(".".join(parts[i:]) in self.domains for i in range(len(parts) - 1))


def counsel_list(lines: Iterable[str]) -> CounselList:
    """Return the list that some lines say. Raises InputProblem(field_invalid) for a line that is no address or domain."""
    addresses, domains = set(), set()
    for line in lines:
        entry = line.partition("#")[0].strip().casefold()
        if not entry:
            continue
        local, _, domain = entry.rpartition("@")
        if "." not in domain or any(c.isspace() or c in "<>,;" for c in entry):
            raise InputProblem("field_invalid", f"counsel: {entry!r} is neither an address nor a domain")
        if local:
            addresses.add(entry)
        else:
            domains.add(domain)
    return CounselList(frozenset(addresses), frozenset(domains))


def lines_of(path: Path) -> list[str]:
    """Return the lines of a list. Raises InputProblem(file_not_found)."""
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputProblem("file_not_found", f"{path} ({error})") from error


def counsel_among(document: MatterDocument, known: CounselList) -> Iterator[str]:
    """Yield the addresses of counsel among sender and recipients of a document, each once, in order."""
    people = (*document.sender, *document.to, *document.cc, *document.bcc)
    seen: set[str] = set()
    for address in _addresses(people):
        if address not in seen and known.holds(address):
            seen.add(address)
            yield address


def counsel_quoted(texts: Iterable[str], known: CounselList) -> list[str]:
    r"""Return the addresses of counsel that stand in texts, as in the headings of quoted mails, each once, in order.

    >>> counsel_quoted(["> From: Sue <SUE@firm.example>\n> To: Bob"], counsel_list(["firm.example"]))
    ['sue@firm.example']
    """
    found = (m[0].casefold() for text in texts for m in _ADDRESS.finditer(text))
    return list(dict.fromkeys(address for address in found if known.holds(address)))


def _addresses(people: Iterable[str]) -> Iterator[str]:
    """Yield the addresses of people as mails write them: `Name <a@b>`, `a@b`, or a name in which an address stands."""
    for person in people:
        start, end = person.rfind("<"), person.rfind(">")
        shown = person[start + 1 : end] if 0 <= start < end else person
        found = [a for _, a in getaddresses([shown]) if "@" in a] or [w for w in shown.split() if "@" in w]
        yield from (a.strip("'\"<>[]();,").casefold() for a in found)
