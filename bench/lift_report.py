"""What `bench.lift` prints: leaves right at each stage, what each brought and took away, and how far flags can be believed."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any

from bench.lift_choice import Chosen
from thresher.schemas import json_pointer
from thresher.service.scorecard.align import Leaf, judge
from thresher.service.scorecard.equality import is_equal
from thresher.service.scorecard.scored_fields import FieldRules

STAGES = ("plain", "answers", "grounded", "merged", "looked", "derived", "mended", "data")
FINE = {"right", "absent"}
FLAGS = ("unsupported", "unclaimed", "conflict", "arithmetic")


def report(choice: list[Chosen], out: Path, *, listed: bool = False) -> None:
    """Print every table for the documents of a choice that have been run."""
    rows = [(one, _kept(out / f"{one.case.name}.json") | _plain(out, one)) for one in choice]
    rows = [(one, kept) for one, kept in rows if kept]
    scores = {one.case.name: _shares(one, kept) for one, kept in rows}
    stages = [s for s in STAGES if any(s in v for v in scores.values())]
    print(f"{'document':58} half status    " + " ".join(f"{s:>8}" for s in stages) + "   lift")
    for one, kept in rows:
        _line(f"{one.stratum}/{one.case.name}"[-58:], one.half, kept, scores[one.case.name], stages)
    _sets([(one, scores[one.case.name]) for one, _ in rows], stages)
    _moves(rows, stages)
    _flags(rows)
    _complete(rows)
    _cost(rows)
    if listed:
        _listed(rows)


def _kept(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    if "result" in found:
        found["stages"]["data"] = found["result"].get("data") or {}
    return found


def _plain(out: Path, one: Chosen) -> dict[str, Any]:
    found, plain = _kept(out / f"{one.case.name}.json"), _kept(out / f"{one.case.name}.plain.json")
    stages = {**plain.get("stages", {}), **found.get("stages", {})}
    return {**found, "stages": stages} if stages else {}


def _leaves(one: Chosen, tree: Any) -> list[Leaf]:
    return judge(one.case.expected, tree, FieldRules(one.case.target)).leaves


def _shares(one: Chosen, kept: dict[str, Any]) -> dict[str, float]:
    """Return the share of leaves right at each stage; what is invented counts as a leaf that is wrong."""
    found = {s: [x.outcome in FINE for x in _leaves(one, tree)] for s, tree in kept["stages"].items()}
    return {s: sum(right) / max(1, len(right)) for s, right in found.items()}


def _line(name: str, half: str, kept: dict[str, Any], scores: dict[str, float], stages: list[str]) -> None:
    lift = f"{scores['data'] - scores['answers']:+.3f}" if {"data", "answers"} <= scores.keys() else ""
    told = " ".join(f"{scores[s]:8.3f}" if s in scores else f"{'':8}" for s in stages)
    print(f"{name:58} {half:4} {kept.get('result', {}).get('status', ''):9} {told} {lift:>7}")


def _sets(scores: list[tuple[Chosen, dict[str, float]]], stages: list[str]) -> None:
    """Print the mean over documents of each set; real and synthetic texts apart."""
    groups: dict[str, list[dict[str, float]]] = defaultdict(list)
    for one, shares in scores:
        origin = one.stratum.rpartition("-")[2] if one.stratum.startswith("fieldbench") else ""
        groups[f"{one.stratum.partition('/')[0]} {origin}".strip()].append(shares)
        groups[f"all, half {one.half}"].append(shares)
    print(f"\n{'set':30} n   " + " ".join(f"{s:>8}" for s in stages) + "   lift")
    for name, group in groups.items():
        means = {s: mean(g[s] for g in group if s in g) for s in stages if any(s in g for g in group)}
        lift = f"{means['data'] - means['answers']:+.3f}" if {"data", "answers"} <= means.keys() else ""
        told = " ".join(f"{means[s]:8.3f}" if s in means else f"{'':8}" for s in stages)
        print(f"{name:30} {len(group):3} {told} {lift:>7}")


def _moves(rows: list[tuple[Chosen, dict[str, Any]]], stages: list[str]) -> None:
    """Print what each stage took away that was right, and what it brought."""
    steps = [s for s in stages if s != "plain"]
    print("\nstage        right leaves taken away   right leaves brought   wrong leaves taken away")
    for before, after in pairwise(steps):
        taken = brought = cleaned = 0
        for one, kept in rows:
            if before in kept["stages"] and after in kept["stages"]:
                old, new = (_by_place(one, kept["stages"][s]) for s in (before, after))
                taken += sum((old["right"] - new["right"]).values())
                brought += sum((new["right"] - old["right"]).values())
                cleaned += max(0, old["bad"].total() - new["bad"].total())
        print(f"{after:12} {taken:8} {brought:24} {cleaned:24}")


def _by_place(one: Chosen, tree: Any) -> dict[str, Counter[str]]:
    leaves = _leaves(one, tree)
    return {
        "right": Counter(f"{x.path}" for x in leaves if x.outcome == "right"),
        "bad": Counter(x.field for x in leaves if x.outcome in ("wrong", "invented")),
    }


def _flags(rows: list[tuple[Chosen, dict[str, Any]]]) -> None:
    """Print, of each flag, how many were raised and how many of them point at what is wrong or missing."""
    counts: dict[str, list[bool]] = defaultdict(list)
    for one, kept in rows:
        if "result" in kept:
            for flag, is_true in flags_of(one, kept["result"]):
                counts[flag].append(is_true)
    print("\nflag              raised   true   precision")
    for flag, known in sorted(counts.items()):
        print(f"{flag:16} {len(known):7} {sum(known):6} {sum(known) / len(known):11.2f}")


def flags_of(one: Chosen, result: dict[str, Any]) -> Iterable[tuple[str, bool]]:
    """Yield each flag of a Result, and whether it is true: what it points at is wrong, or not there.

    `unsupported`: the labels do not have the value in its field. `unclaimed`: a labelled value that was missed or is wrong stands
    in the line. `conflict`, `arithmetic`, `invalid`, `unsure`: the value in `data` is not right. `absent`: the labels have no value either.
    """
    fields = FieldRules(one.case.target)
    leaves = _leaves(one, result.get("data") or {})
    wrong = {x.given_path or x.path for x in leaves if x.outcome not in FINE}
    lost = [str(x.truth) for x in leaves if x.outcome in ("missed", "wrong") and x.truth not in (None, "")]
    for u in result.get("unsupported", ()):
        yield "unsupported", not any(_is(one, fields, u["path"], u["value"]))
    for line in (result.get("coverage") or {}).get("unclaimed", ()):
        yield "unclaimed", any(len(t) > 1 and t.casefold() in line["text"].casefold() for t in lost)
    for r in result.get("reasons", ()):
        if r["code"] not in ("unsupported", "unclaimed", "unresolved", "unread", "hidden"):
            is_wrong = any(w and (w == r["path"] or w.startswith(f"{r['path']}/")) for w in wrong)
            yield r["code"], is_wrong != (r["code"] == "absent")
        elif r["code"] == "unsupported" and json_pointer.get(result.get("data"), r["path"]) is not None:
            yield "unsupported (kept)", r["path"] in wrong


def _is(one: Chosen, fields: FieldRules, path: str, value: Any) -> Iterable[bool]:
    """Yield, for each labelled value of the same field, whether it is this value."""
    star = json_pointer.pattern(path).replace("/-", "/*")
    for at, truth in json_pointer.leaves(one.case.expected):
        if json_pointer.pattern(at) == star and truth not in (None, "", []):
            yield is_equal(fields.rule(at), truth, value)


def _complete(rows: list[tuple[Chosen, dict[str, Any]]]) -> None:
    """Print how many wholly right documents are called complete, and documents with a wrong leaf and no reason."""
    right = [(one, k["result"]) for one, k in rows if "result" in k and _is_right(one, k["result"])]
    said = [one for one, r in right if r["status"] == "complete" or _only_absent(r)]
    print(f"\nwholly right: {len(right)}, of them called complete (absent required leaves aside): {len(said)}")
    for one, r in right:
        if not (r["status"] == "complete" or _only_absent(r)):
            print(f"  right but {r['status']}: {one.case.name}: {[x.get('code') for x in r.get('reasons', ())][:5]}")
    for one, kept in rows:
        result = kept.get("result", {})
        bad = (
            [x for x in _leaves(one, result.get("data") or {}) if x.outcome in ("wrong", "invented")] if result else []
        )
        if bad and result["status"] == "complete":
            print(f"  complete with a wrong leaf: {one.case.name}: {[(x.field, x.truth, x.given) for x in bad[:4]]}")


def _is_right(one: Chosen, result: dict[str, Any]) -> bool:
    return all(x.outcome in FINE for x in _leaves(one, result.get("data") or {}))


def _only_absent(result: dict[str, Any]) -> bool:
    reasons = result.get("reasons") or [{"code": ""}]
    return all(r["code"] == "absent" for r in reasons)


def _cost(rows: list[tuple[Chosen, dict[str, Any]]]) -> None:
    """Print calls and prompt tokens a document."""
    results = [(k["result"]["usage"], k["text_tokens"]) for _, k in rows if "result" in k]
    if results:
        calls = mean(u["answers"] for u, _ in results)
        ratio = sum(u["prompt_tokens"] for u, _ in results) / max(1, sum(t for _, t in results))
        print(f"\ncalls a document: {calls:.2f}; prompt tokens over the documents' own: {ratio:.2f}")


def _listed(rows: list[tuple[Chosen, dict[str, Any]]]) -> None:
    """Print every leaf that is not right in `data` with what the answers said, and every flag."""
    for one, kept in rows:
        if "result" not in kept:
            continue
        print(f"\n== {one.stratum} {one.case.name}")
        first = {x.path: x for x in _leaves(one, kept["stages"]["answers"])}
        for leaf in _leaves(one, kept["result"].get("data") or {}):
            if leaf.outcome not in FINE:
                said = first.get(leaf.path)
                print(
                    f"  {leaf.outcome:8} {leaf.path or leaf.given_path}: {leaf.given!r}, label {leaf.truth!r}"
                    f" (answers: {said.outcome if said else '-'})"
                )
        for flag, is_true in flags_of(one, kept["result"]):
            print(f"  flag {flag}: {'true' if is_true else 'FALSE'}")
        for r in kept["result"].get("reasons", ())[:12]:
            print(f"  reason {r['code']} {r['path']}: {r['message'][:120]}")
