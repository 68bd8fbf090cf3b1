"""Write golden copies of what Thresher shows to the outside, and compare two sets of them: a move must change none.

    python -m bench.freeze write FOLDER [--quick]     # --quick: without Results and questions
    python -m bench.freeze compare FOLDER FOLDER      # prints a unified diff; exit code 1 where they differ

| File | Holds |
|---|---|
| results/ | what `thresher extract samples/inbox` writes with the built-in model, times masked; keys of its calls |
| questions/ | requests that cases make of a hosted model: a hash each, and the keys under which answers are stored |
| prompts.txt, data.txt | names and hashes of the prompt texts and of the other data files that are shipped |
| openapi.json, result.schema.json, policy.schema.json | the HTTP interface, the Result, the Policy |
| help.txt | `--help` of every command |
| settings.txt | fields of Settings with types and defaults, and the names of environment variables |
| names.txt | log actions, log fields, spans, notes and metrics: every dotted or prefixed name that the source spells out |
| codes.txt | error codes and messages of the source |
| sql.txt | migrations, and every SQL statement that the source spells out |

Everything is reached by the command line, by HTTP, or by the imports below, or is collected from the source without the names
of files, so that moving a module changes nothing.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import typer

from tests.case_server import CaseServer
from thresher.schemas.policy import Policy
from thresher.schemas.published import result_schema
from thresher.service.cli.main import app
from thresher.service.server.api.app import api

ROOT = Path(__file__).parents[1]
ROOTS = ("schemas", "chunkers", "service")  # folders of the source
SAMPLES = ("invoice-azure.pdf", "mail-thread.eml", "order-lanterns.docx")
CASES = (
    "01a-required-absent-invoice",
    "04b-enum-rows",
    "11a-totals-portuguese",
    "12d-reask-gives-missed-row",
    "13a-malformed-row",
    "15a-picture-on-text-page",
    "20a-columns-by-blanks",
)
VOLATILE = frozenset({"at", "began", "ended", "seconds", "number"})  # keys whose values differ from run to run
PORT = 47811  # of the recording server: an answer is stored under a key that holds its address
COMMAND = "import sys; from {module} import main; sys.argv[0] = 'thresher'; main()"

_NAME = re.compile(r"[a-z][a-z_]*(\.[a-z_]+)+")
_METRIC = re.compile(r"(thresher|process|gen_ai)_[a-z_]+")
_VARIABLE = re.compile(r"(THRESHER|OTEL)_[A-Z_]+")
_STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|ALTER|DROP|PRAGMA|LISTEN|NOTIFY|BEGIN|VACUUM)\b")
_CODE = re.compile(r"[a-z]+(_[a-z]+)+")


def write(folder: Path, *, quick: bool) -> None:
    """Write the golden copies."""
    texts = {
        "openapi.json": _json(api(cast("Any", None)).openapi()),
        "result.schema.json": _json(result_schema()),
        "policy.schema.json": _json(Policy.model_json_schema()),
        "help.txt": "\n".join(_helps(typer.main.get_command(app), "thresher")),
        "settings.txt": "\n".join(_settings()),
        "names.txt": "\n".join(_sorted(_NAME, without=ROOTS) | _sorted(_METRIC)),
        "codes.txt": "\n".join(_sorted(_CODE, called="Problem")),
        "sql.txt": "\n".join(_sql()),
        "prompts.txt": "\n".join(_hashes(".md")),
        "data.txt": "\n".join(_hashes(".toml", ".css", ".txt")),
    }
    if not quick:
        texts |= {f"results/{name}": text for name, text in _results().items()}
        texts |= {f"questions/{name}.txt": text for name, text in _questions().items()}
    for name, text in texts.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n", encoding="utf-8")
        print(f"{len(text):>9,} characters  {name}")


def compare(before: Path, after: Path) -> bool:
    """Print a unified diff of two sets of golden copies, and return whether they agree."""
    names = sorted({p.relative_to(f).as_posix() for f in (before, after) for p in f.rglob("*") if p.is_file()})
    agree = True
    for name in names:
        old, new = (_lines(f / name) for f in (before, after))
        for line in difflib.unified_diff(old, new, f"{before}/{name}", f"{after}/{name}", lineterm="", n=1):
            agree = False
            print(line)
    print(f"{len(names)} files, {'no difference' if agree else 'they differ'}")
    return agree


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


def _helps(command: Any, name: str) -> Iterator[str]:
    """Yield the help text of a command and of all commands below it."""
    context = command.context_class(command, info_name=name, terminal_width=100, max_content_width=100)
    yield f"=== {name}\n{command.get_help(context)}\n"
    for below, child in sorted(cast("dict[str, Any]", getattr(command, "commands", {})).items()):
        yield from _helps(child, f"{name} {below}")


def _trees() -> Iterator[ast.Module]:
    for root in ROOTS:
        for file in sorted((ROOT / root).rglob("*.py")):
            yield ast.parse(file.read_text(encoding="utf-8"))


def _strings(tree: ast.AST) -> Iterator[str]:
    """Yield the strings of a tree but for docstrings; what an f-string computes is `{}`."""
    parts: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            parts.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            parts |= {id(v) for v in node.values}
            yield "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield node.value


def _sorted(pattern: re.Pattern[str], *, without: tuple[str, ...] = (), called: str = "") -> dict[str, None]:
    """Return the strings of the source that a pattern fits, in order.

    `without`: top folders of modules whose names to leave out; `called`: take only strings in calls of what has a name that ends so, and
    the whole texts of such calls.
    """
    found: set[str] = set()
    modules = tuple(f"{top}{root}." for root in without for top in ("", "thresher."))
    for tree in _trees():
        if not called:
            found |= {s for s in _strings(tree) if pattern.fullmatch(s) and not s.startswith(modules)}
            continue
        calls = (n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func).endswith(called))
        found |= {" | ".join(_strings(ast.Tuple(elts=call.args))) for call in calls}
    return dict.fromkeys(sorted(found))


def _sql() -> Iterator[str]:
    for file in sorted((f for r in ROOTS for f in (ROOT / r).rglob("*.sql")), key=lambda f: (f.name, f.read_bytes())):
        yield f"=== {file.name}\n{file.read_text(encoding='utf-8')}"
    found = {re.sub(r"\s+", " ", s).strip() for tree in _trees() for s in _strings(tree) if _STATEMENT.match(s)}
    yield from sorted(found)


def _hashes(*kinds: str) -> list[str]:
    files = [f for r in ROOTS for f in (ROOT / r).rglob("*") if f.suffix in kinds]
    return sorted(f"{f.name} {hashlib.sha256(f.read_bytes()).hexdigest()}" for f in files)


def _settings() -> Iterator[str]:
    """Yield the fields of the class Settings, and the environment variables that the source names."""
    for tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name == "Settings":
                yield from (ast.unparse(n) for n in node.body if isinstance(n, ast.AnnAssign))
    yield from _sorted(_VARIABLE)


def _run(*arguments: object, **environment: str) -> str:
    """Run the command `thresher`, and return what it writes to standard output."""
    code = COMMAND.format(module=_module_of_app())
    with tempfile.TemporaryDirectory() as home:
        known = {"THRESHER_HOME": home} if environment else {}
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env={**os.environ, **known, **environment},
        )
    if done.returncode not in {0, 1}:
        print(f"exit code {done.returncode} of {arguments}: {done.stderr[-500:]}", file=sys.stderr)
    return done.stdout


def _module_of_app() -> str:
    """Return the name of the module that `app` was imported from."""
    return next(n for n, m in sys.modules.items() if n.endswith("cli.main") and getattr(m, "app", None) is app)


def _results() -> dict[str, str]:
    """Return the files that the demo writes, and the calls that it makes."""
    inbox = ROOT / "samples" / "inbox"
    with tempfile.TemporaryDirectory() as folder:
        _run("extract", inbox, "--target", inbox / "targets.toml", "--out", folder)
        found = {f.name: _masked(f) for f in sorted(Path(folder).glob("*.json*"))}
        return found | {"calls.txt": "\n".join(_keys(folder))}


def _masked(file: Path) -> str:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".jsonl":
        return "\n".join(_json(_without(json.loads(line))) for line in text.splitlines())
    return _json(_without(json.loads(text)))


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: "…" if k in VOLATILE else _without(v) for k, v in value.items()}
    return [_without(v) for v in value] if isinstance(value, list) else value


def _keys(folder: str) -> list[str]:
    """Return what identifies the answers that a run stored: the prompt with its fingerprint, and the key."""
    lines = _run("calls", folder, "--format", "jsonl").splitlines()
    attempts = [json.loads(line)["attempt"] for line in lines]
    return sorted({f"{a['prompt']} {a['fingerprint']} {a['purpose']} {a['key']}" for a in attempts})


def _questions() -> dict[str, str]:
    """Return what is asked of a hosted model about some samples (answered with nulls) and some cases."""
    found = {}
    fixtures = ROOT / "tests" / "fixtures" / "pipeline_cases"
    inbox = ROOT / "samples" / "inbox"
    for name in SAMPLES:
        found[name] = _asked(fixtures / CASES[0], inbox / name, inbox / "targets.toml")
    for name in CASES:
        case = fixtures / name
        target = next(t for t in (case / "target.py", case / "target.json") if t.is_file())
        found[name] = _asked(case, next(case.glob("input.*")), target)
    return found


def _asked(case: Path, file: Path, target: Path) -> str:
    """Return hashes of the requests that a file makes, and the keys of the answers, both in alphabetical order."""
    policy = ("--policy", case / "policy.toml") if (case / "policy.toml").is_file() and file.parent == case else ()
    with _recording(case) as (address, bodies), tempfile.TemporaryDirectory() as folder:
        arguments = ("extract", file, "--target", target, "--out", folder, "--model", "openai/x", *policy)
        _run(*arguments, OPENAI_API_KEY="x", THRESHER_API_BASE=address)
        return "\n".join([*sorted(bodies), *_keys(folder)])


@contextmanager
def _recording(case: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve a case's answers on loopback, and note the size and hash of each request."""
    answers, bodies = CaseServer(case), cast("list[str]", [])

    class Handler(BaseHTTPRequestHandler):
        """One request, noted and answered."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Answer a completion."""
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            bodies.append(f"request {len(raw)} bytes {hashlib.sha256(raw).hexdigest()}")
            text = json.dumps(answers.completion(json.loads(raw))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class names it
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{PORT}/v1", bodies
    finally:
        server.shutdown()
        server.server_close()
        answers.close()


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    writing = commands.add_parser("write")
    writing.add_argument("folder", type=Path)
    writing.add_argument("--quick", action="store_true")
    comparing = commands.add_parser("compare")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    chosen = parser.parse_args()
    if chosen.command == "compare":
        return 0 if compare(chosen.before, chosen.after) else 1
    write(chosen.folder, quick=chosen.quick)
    return 0


if __name__ == "__main__":
    sys.exit(main())
