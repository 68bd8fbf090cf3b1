"""What a Result of a pipeline case falls short of, in words.

The block of a case's `right.md` may hold: `status` and `exit` (a word or a list), `data` (numbers compare as numbers),
`ignore` (paths that are not compared), `named` (paths that the Result must name), `leave_or_flag` (paths that are null or
named), `evidence` (path to `match`, `quote`, `pages`, `boxed`), `clean` (nothing is flagged), `says_unclaimed`, `says` (a
pattern) and `or` (other blocks, of which one that is met is enough).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

JSON = Any
FLAGS = ("unsupported", "errors", "conflicts")


def faults(right: dict[str, JSON], result: dict[str, JSON], code: int, said: str) -> list[str]:
    """Return what does not hold; empty where the block, or one of its `or` blocks, is met."""
    found = _faults(right, result, code, said)
    others = (_faults(other, result, code, said) for other in right.get("or", ()) if found)
    return [] if any(not other for other in others) else found


def _faults(right: dict[str, JSON], result: dict[str, JSON], code: int, said: str) -> list[str]:
    data, names = result.get("data"), _named(result)
    skip = {*right.get("ignore", ()), *right.get("leave_or_flag", ())}
    found = list(_differences(data, right["data"], "", skip)) if "data" in right else []
    found += [
        f"{p} stands unflagged"
        for p in right.get("leave_or_flag", ())
        if _at(data, p) is not None and not _is_named(p, names)
    ]
    found += [] if result.get("status") in _list(right["status"]) else [f"status {result.get('status')}"]
    found += [] if "exit" not in right or code in _list(right["exit"]) else [f"exit {code}"]
    found += [f"{p} is not named" for p in right.get("named", ()) if not _is_named(p, names)]
    for path, want in right.get("evidence", {}).items():
        known = [e for e in result.get("evidence", ()) if e["path"] == path]
        found += [] if any(_fits(e, want) for e in known) else [f"evidence of {path}: {known}"]
    unclaimed = (result.get("coverage") or {}).get("unclaimed") or []
    if right.get("clean"):
        found += [f"{what} {result[what]}" for what in FLAGS if result.get(what)]
        found += [f"unclaimed {u['text']!r}" for u in unclaimed]
    if "says_unclaimed" in right and not any(right["says_unclaimed"] in u["text"] for u in unclaimed):
        found.append(f"unclaimed does not hold {right['says_unclaimed']!r}")
    told = json.dumps([result.get(k) for k in ("errors", "problems", "unresolved", "reasons")], ensure_ascii=False)
    if "says" in right and not re.search(right["says"], told + re.sub(r"\S*/\S*", "", said), re.IGNORECASE):
        found.append(f"nothing says /{right['says']}/")
    return found


def _list(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else [value]


def _named(result: dict[str, JSON]) -> list[str]:
    """Return every path that a Result speaks of as absent, doubtful or wrong."""
    lists = [result.get(key) or [] for key in ("reasons", *FLAGS)]
    return [*((result.get("coverage") or {}).get("absent") or []), *(x["path"] for some in lists for x in some)]


def _is_named(path: str, names: list[str]) -> bool:
    star = re.sub(r"/\d+(?=/|$)", "/*", path)
    return any(n in {path, star} or path.startswith(f"{n}/") for n in names if n)


def _at(value: JSON, path: str) -> JSON:
    for part in path.strip("/").split("/"):
        if isinstance(value, list):
            value = value[int(part)] if part.isdigit() and int(part) < len(value) else None
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value


def _differences(got: JSON, want: JSON, path: str, skip: set[str]) -> Iterable[str]:
    if path in skip:
        return
    if isinstance(want, dict) and isinstance(got, dict):
        for key in dict.fromkeys([*want, *got]):
            if key in want or got[key] not in (None, []):
                yield from _differences(got.get(key), want.get(key), f"{path}/{key}", skip)
    elif isinstance(want, list) and isinstance(got, list):
        if len(want) != len(got):
            yield f"{path}: {len(got)} items, not {len(want)}"
        for i, (one, other) in enumerate(zip(got, want, strict=False)):
            yield from _differences(one, other, f"{path}/{i}", skip)
    elif not _same(got, want):
        yield f"{path or '/'}: {got!r} instead of {want!r}"[:200]


def _same(got: JSON, want: JSON) -> bool:
    if isinstance(got, bool) or isinstance(want, bool) or got is None or want is None:
        return got is want
    try:
        return Decimal(str(got)) == Decimal(str(want)) if isinstance(want, (int, float)) else str(got) == str(want)
    except InvalidOperation:
        return False


def _fits(evidence: dict[str, JSON], want: dict[str, JSON]) -> bool:
    pages = bool(evidence.get("boxes")) + len(evidence.get("continued") or [])
    return (
        ("match" not in want or evidence["match"] in want["match"])
        and want.get("quote", "") in (evidence.get("quote") or "")
        and pages >= want.get("pages", 0)
        and (not want.get("boxed") or bool(evidence.get("boxes")))
        and (not want.get("rests") or bool(evidence.get("derived_from")) or evidence.get("start") is not None)
    )
