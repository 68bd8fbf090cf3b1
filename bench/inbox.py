"""The sample inbox through the whole command, against values that were checked by looking at the pages.

    thresher extract samples/inbox --target samples/inbox/targets.toml --out OUT; python -m bench.inbox OUT

For each document: values right, wrong (another value, or a value where there is none) and missing. A list of expected
values means that each of them is right, null among them that none is missed; `has` asks for a phrase inside. Text is
compared by its letters and digits, numbers to half a cent.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

EXPECTED = Path(__file__).with_suffix(".json")


def main() -> None:
    """Print the table, and with --mistakes what is not right."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--mistakes", action="store_true")
    options = parser.parse_args()
    expected = json.loads(EXPECTED.read_text("utf-8"))
    whole: Counter[str] = Counter()
    print(f"{'document':26} right wrong missing | header: right wrong missing")
    for name, values in expected.items():
        wanted = expected[values["same as"]] if "same as" in values else values
        whole += _document(name, wanted, options)
    given = whole["right"] + whole["wrong"]
    head = whole["head right"] + whole["head wrong"]
    print(f"{'':26} {_row(whole)}")
    print(
        f"{whole['right'] / given:.0%} of {given} given values right; of {head} header values {whole['head wrong'] / head:.0%} wrong"
    )


def _document(name: str, wanted: dict[str, Any], options: argparse.Namespace) -> Counter[str]:
    file = options.out / f"{name}.json"
    if not file.exists():
        return Counter()
    given = dict(_leaves(json.loads(file.read_text("utf-8"))["data"], ""))
    counts: Counter[str] = Counter()
    for path in sorted({*wanted, *given}):
        verdict = judged(wanted.get(path), given.get(path))
        head = "head " * (not any(part.isdigit() for part in path.split("/")))
        counts[verdict] += 1
        counts[f"head {verdict}"] += bool(head)
        if options.mistakes and verdict in ("wrong", "missing"):
            print(f"    {verdict:8}{path}: {given.get(path)!r}, not {wanted.get(path)!r}"[:200])
    print(f"{name:26} {_row(counts)}")
    return counts


def _row(counts: Counter[str]) -> str:
    cells = [counts[f"{part}{verdict}"] for part in ("", "head ") for verdict in ("right", "wrong", "missing")]
    return "{:5} {:5} {:7} |         {:5} {:5} {:7}".format(*cells)


def judged(wanted: Any, got: Any) -> str:
    """Verdict on one leaf: right, wrong, missing or "" (rightly empty).

    >>> judged([1, None], None), judged(1, None), judged({"has": "lamp"}, "A Lamp!"), judged(None, "x")
    ('', 'missing', 'right', 'wrong')
    """
    options = wanted if isinstance(wanted, list) else [wanted]
    if got is None:
        return "" if None in options else "missing"
    return "right" if any(_same(option, got) for option in options) else "wrong"


def _same(wanted: Any, got: Any) -> bool:
    if isinstance(wanted, dict):
        return _letters(wanted["has"]) in _letters(got)
    if isinstance(wanted, int | float) and isinstance(got, int | float):
        return abs(wanted - got) < 0.005
    return wanted is not None and _letters(wanted) == _letters(got)


def _letters(value: Any) -> str:
    return "".join(c for c in str(value).casefold() if c.isalnum())


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inside in value.items():
            yield from _leaves(inside, f"{path}/{key}")
    elif isinstance(value, list):
        for i, inside in enumerate(value):
            yield from _leaves(inside, f"{path}/{i}")
    elif value is not None:
        yield path, value


if __name__ == "__main__":
    main()
