"""Count what the layout of the source promises, with import arrows from grimp.

    python -m bench.house          # exit code 1 where a limit is passed
    python -m bench.house --list   # name what is counted, too

| Number | Limit |
|---|---|
| Python files in service/ itself (`__init__.py` counts) | 8 |
| most Python files flat in one folder of the source | 25 |
| distinct imports between packages: those of `service`, `chunkers` as one, `schemas` as one | 180 |
| circles of such imports, and circles of modules | 0 |
| modules that no import layer of pyproject.toml names | 0 |
| public functions and methods whose docstring begins with a verb or "Whether" | 55% |

A module directly in service/ counts as a package of its own. Members of a Protocol or an override whose docstring only
refers to another ("See Reader.") count as not beginning with a verb.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
FOLDERS = ("service", "schemas", "chunkers")
IN_SERVICE, IN_A_FOLDER, ARROWS, BEGIN_WITH_A_VERB = 8, 25, 180, 55  # the last one in percent
_IMPERATIVES = """
accept acquire add adopt advance align allow answer append apply ask assemble assign attach await begin bind block bound
break build cache calculate call cancel capture cast change check choose claim clean clear clip close collapse collect
combine commit compare compose compute configure confirm connect consume convert copy correct count cover create cut decide
declare decode decrypt delete deliver deny derive describe detect determine discard dispatch divide do download draw drop
encode encrypt end enforce enqueue ensure enter escape establish estimate evaluate exclude exit expand expire explain
export express extend extract fail feed fetch fill filter find finish fit flag flatten flush follow forget format forward
free gather generate get give go grant ground group guard guess hand handle hash have hold identify ignore import include
increase index inform inherit initialise insert inspect install invert iterate join judge keep know label lay learn leave
lift limit link list listen load locate lock log look lower mail make map mark mask match measure merge mock move name
negotiate normalise note notify number offer omit open order pack pad pair parse part pass pause pay perform pick place plan
post prefer prepare present print process produce project protect prove provide publish pull purge push put query queue quote
raise rank reach read rebuild receive recognise record recover reduce refer refuse register reject relate release remember
remove rename render renew reorder repair repeat replace reply report request reserve reset resolve respond restore restrict
retry return reverse review revoke rewrite roll rotate round run sample save say scale scan schedule score seal search see
select send separate serve set settle shift show shrink shut sign simplify skip slice sort spend split spool spread start
state stop store stream strip submit subtract sum suppress swap switch take tell terminate test tie time tokenise total trace
track transcribe translate trim try turn unlock unpack unquote unregister unwrap update upgrade upload use validate verify
visit wait wake walk warn watch weigh widen withhold work wrap write yield
"""

_THIRD_PERSON = """
adds asks begins builds checks chooses closes collects computes converts creates decides deletes does encrypts ends fetches
finds gives holds joins judges keeps lays lets loads locates makes merges moves opens parses puts raises reads registers removes
repairs replaces returns runs says sends sets shows shuts splits starts stops stores takes tells tries turns updates validates
waits walks writes yields
"""
VERBS = frozenset(f"{_IMPERATIVES} {_THIRD_PERSON}".split()) - {"see", "mean", "means"}
"""Words with which a docstring may begin; plurals of nouns ("counts", "records") are none."""

Arrows = dict[tuple[str, str], list[str]]


def main() -> int:
    """Print the numbers, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="name what is counted")
    chosen = parser.parse_args()
    rows = [*_folders(), *_imports(), _docstrings()]
    for name, number, limit, fine, parts in rows:
        print(f"{'ok  ' if fine else 'OVER'} {number:>6} ({limit})  {name}")
        if chosen.list:
            print("".join(f"            {part}\n" for part in parts), end="")
    return 0 if all(fine for *_, fine, _ in rows) else 1


Row = tuple[str, str, str, bool, list[str]]


def _most(name: str, number: int, limit: int, parts: list[str]) -> Row:
    return name, str(number), f"at most {limit}", number <= limit, parts


def _folders() -> Iterator[Row]:
    """Yield the counts of files a folder: of the source, and, without a limit, of tests and benches."""
    flat = Counter(f.parent.relative_to(ROOT).as_posix() for top in FOLDERS for f in (ROOT / top).rglob("*.py"))
    most = [f"{number} {folder}" for folder, number in flat.most_common(8)]
    yield _most("Python files in service/ itself", flat["service"], IN_SERVICE, [])
    yield _most("most Python files in one folder of the source", max(flat.values()), IN_A_FOLDER, most)
    other = Counter(
        f.parent.relative_to(ROOT).as_posix() for top in ("tests", "bench") for f in (ROOT / top).rglob("*.py")
    )
    named = [f"{number} {folder}" for folder, number in other.most_common(8)]
    yield "most Python files in one folder of tests and bench", str(max(other.values())), "no limit", True, named


def _imports() -> Iterator[Row]:
    """Yield the counts of imports between packages, of circles, and of modules outside the layers."""
    prefix = "thresher." if (ROOT / "thresher").is_dir() else ""
    graph = grimp.build_graph("thresher") if prefix else grimp.build_graph(*FOLDERS)
    edges = {m: sorted(graph.find_modules_directly_imported_by(m)) for m in graph.modules}
    arrows: Arrows = defaultdict(list)
    for importer, imported in ((a, b) for a, found in edges.items() for b in found):
        pair = _package(importer, prefix), _package(imported, prefix)
        if pair[0] != pair[1]:
            arrows[pair].append(f"{importer} -> {imported}")
    named = [f"{a} -> {b} ({len(found)}, as {found[0]})" for (a, b), found in sorted(arrows.items())]
    yield _most("imports between packages", len(arrows), ARROWS, named)
    below: dict[str, list[str]] = defaultdict(list)
    for a, b in arrows:
        below[a].append(b)
    yield _circles("circles of packages", below)
    yield _circles("circles of modules", edges)
    outside = sorted(m for m in graph.modules if not _layered(m, prefix))
    yield _most("modules outside the layers", len(outside), 0, outside)


def _package(module: str, prefix: str) -> str:
    """Return the package at depth 2 that a module is of: `thresher.service.llm`; all of `schemas` and of `chunkers` is one each."""
    parts = module.removeprefix(prefix).split(".")
    return ".".join(parts[:2]) if parts[0] == "service" else parts[0]


def _layered(module: str, prefix: str) -> bool:
    """Whether a module is, or is below, something that a contract of layers names; roots that hold only layers are, too."""
    roots = {"thresher", *(prefix + folder for folder in FOLDERS if prefix or folder == "service")}
    return module in roots or any(module == name or module.startswith(f"{name}.") for name in _layers())


def _layers() -> frozenset[str]:
    found: set[str] = set()
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]:
        names = {n.strip(" ()") for line in contract.get("layers", ()) for n in re.split(r"[|:]", line)}
        containers = contract.get("containers", [""])
        wide = containers == ["thresher"]  # its layers are whole roots, which say nothing of what is in them
        found |= {f"{c}.{n}".strip(".") for c in containers for n in names if not (wide and n == "service")}
    return frozenset(found)


def _circles(name: str, below: Mapping[str, list[str]]) -> Row:
    """Return the count of groups of nodes that all lead to each other (Tarjan's algorithm)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[str] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in below.get(node, ()):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            at = stack.index(node)
            group = stack[at:]
            del stack[at:]
            if len(group) > 1:
                found.append(" <-> ".join(sorted(group)))

    sys.setrecursionlimit(10_000)
    for node in below:
        if node not in index:
            visit(node)
    return _most(name, len(found), 0, found)


def _docstrings() -> Row:
    """Return how many public functions and methods have a docstring that begins with a verb or "Whether"."""
    firsts = [first for top in FOLDERS for file in (ROOT / top).rglob("*.py") for first in _first_words(file)]
    good = sum(map(_is_verb, firsts))
    percent = 100 * good // max(len(firsts), 1)
    others = [f"{n} {w}" for w, n in Counter(w.split(" ")[0] for w in firsts if not _is_verb(w)).most_common(30)]
    name = f"docstrings that begin with a verb or 'Whether' ({good} of {len(firsts)} public functions and methods)"
    return name, f"{percent}%", f"at least {BEGIN_WITH_A_VERB}%", percent >= BEGIN_WITH_A_VERB, others


def _first_words(file: Path) -> Iterator[str]:
    """Yield the first two words of the docstring of each public function and method; "" where there is none."""
    waiting: list[ast.AST] = [ast.parse(file.read_text(encoding="utf-8"))]
    while waiting:
        for node in ast.iter_child_nodes(waiting.pop()):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                waiting.append(node)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
                yield " ".join(re.split(r"[\s,.:;']", ast.get_docstring(node) or "")[:2])


def _is_verb(begin: str) -> bool:
    """Whether a docstring's first two words are a verb or "Whether" and what follows; "Count of" begins with a noun."""
    first, _, second = begin.partition(" ")
    return first[:1].isupper() and second != "of" and first.lower() in VERBS | {"whether"}


if __name__ == "__main__":
    sys.exit(main())
