r"""Make untrusted names of files and members safe: as names of Results on a disk, and as text for display."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Container
from itertools import count

from thresher.schemas.errors import SetupProblem

PART_MAX_BYTES = 200  # bytes of one part of a Result's path: file systems take 255, and a passing name is longer
PATH_MAX_BYTES = 1000  # bytes of a whole path below the folder of Results
RESERVED_NAMES = frozenset({"run.json"})  # what a run itself writes into the folder
_MARKED = re.compile(r"~[0-9a-f]{20}$")
_RECORD_NAME = re.compile("[0-9A-Za-z_-]*")
_DIGITS = re.compile(r"([0-9]+)")
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # controls, marks of direction, halves of characters, line ends


def counting_order(name: str) -> tuple[list[str | int], str]:
    """Return what names are sorted by, so that 2 comes before 10.

    >>> sorted(["mail-10", "mail-2", "Mail", "3"], key=counting_order)
    ['3', 'Mail', 'mail-2', 'mail-10']
    """
    return [int(part) if i % 2 else part for i, part in enumerate(_DIGITS.split(name))], name


def printable_name(text: str) -> str:
    r"""Return a text on one line, with characters escaped that move the cursor, change direction or hide text.

    >>> print(printable_name("a\nb\x1b[31m\u202egnp.exe"))
    a\nb\x1b[31m\u202egnp.exe
    >>> printable_name("Rechnung März.pdf")
    'Rechnung März.pdf'
    """
    return "".join(_spelt(c) if unicodedata.category(c) in _UNSHOWN else c for c in text)


def result_name(path: str) -> str:
    r"""Return the path of a Unit's Result below the folder of Results; `!/` in the Unit's path becomes a folder.

    Different paths have different names, whatever is in them: what no file system takes, what is long, and what the run
    itself writes gets a mark made of the whole path. A folder that is called like a Result gets a `~`.

    >>> result_name("mails/box.zip!/a.pdf"), result_name("x.json/y"), result_name("a/../b") == result_name("b")
    ('mails/box.zip/a.pdf.json', 'x.json~/y.json', False)
    >>> print(result_name("run")[:4], result_name("a\nb")[:6], len(result_name("x" * 3000)) < 255)
    run~ a_b~7e True
    """
    *folders, last = path.replace("!/", "/").split("/")
    parts = [*map(_folder, map(_plain, folders)), f"{_plain(last)}.json"]
    whole = "/".join(parts)
    if parts[:-1] == [*map(_folder, folders)] and parts[-1] == f"{last}.json" and not _is_taken(whole, last):
        return whole
    mark = hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()[:20]
    *above, _ = whole.split("/") if len(whole.encode()) < PATH_MAX_BYTES else [""]
    return "/".join([*above, f"{_plain(last)}~{mark}.json"])


def distinct(path: str, taken: Container[str]) -> str:
    """Return a path that no other file of the run has: of several folders, or of names that cannot be shown.

    >>> distinct("a.pdf", {"a.pdf", "2/a.pdf"})
    '3/a.pdf'
    """
    return path if path not in taken else next(p for n in count(2) if (p := f"{n}/{path}") not in taken)


def _is_taken(whole: str, last: str) -> bool:
    """Whether a name is too long, the run's own, or could be another path's name with its mark."""
    return len(whole.encode()) >= PATH_MAX_BYTES or whole in RESERVED_NAMES or _MARKED.search(last) is not None


def _plain(part: str) -> str:
    """Return a part of a path that every file system takes; it differs from an unusable one."""
    clean = "".join("_" if unicodedata.category(c) in _UNSHOWN or c == "\\" else c for c in part)
    clean = clean.encode()[:PART_MAX_BYTES].decode(errors="ignore")
    return clean if clean.strip(".") else "_"


def _folder(part: str) -> str:
    return f"{part}~" if re.search(r"\.json~*$", part) else part


def _spelt(character: str) -> str:
    return repr(character)[1:-1] if not character.isprintable() else character


def name_of_record(text: str) -> str:
    """Return an id or a hash out of a record as the name of a file. Raises SetupProblem(store_failed) for a path.

    Who made a folder may have written anything into its records.
    """
    if not _RECORD_NAME.fullmatch(text):
        raise SetupProblem("store_failed", f"a record names {printable_name(text)[:80]!r}, which is no id and no hash")
    return text
