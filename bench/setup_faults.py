"""How soon and how plainly a fault of the set-up ends `thresher extract`: seconds, exit code, lines said.

    python -m bench.setup_faults [--runs 3]

Five faults: no key, a server that answers 401, one that does not know the model, an address where nobody listens, and one
that never answers a connection. The clock starts when the model library is loaded, or when the address is knocked at, which
comes before, and ends with the command. Asked for: 2 s, exit 3 and one message; 5 s more for the address that never answers.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

RUN = """
import resource, sys, time
import thresher.service.llm.providers.litellm_transport as library
from thresher.service.cli.main import main

begun, ready, knock = {}, library.ready, library.knock

def now():
    return time.perf_counter(), sum(resource.getrusage(resource.RUSAGE_SELF)[:2])

def noted(model):
    found = ready(model)
    begun.setdefault("ready", now())
    return found

async def knocked(address):
    begun.setdefault("knock", now())
    await knock(address)

library.ready, library.knock = noted, knocked
sys.argv[0] = "thresher"
try:
    main()
finally:
    (wall, cpu), (end, spent) = begun.get("ready") or begun["knock"], now()
    print(f"took {end - wall:.2f} {spent - cpu:.2f}", file=sys.stderr)
"""
REFUSED = {
    "401": (401, {"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}),
    "unknown model": (404, {"error": {"message": "The model `x` does not exist", "code": "model_not_found"}}),
}
LIMITS = {"never answers": 7.0}  # 5 s of patience for a connection, and 2 s
LIMIT = 2.0  # seconds


@contextmanager
def answering(status: int, body: Mapping[str, object]) -> Iterator[str]:
    """Give the address of a server that says the same to every question."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            said = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def silent() -> Iterator[str]:
    """Give the address of a socket whose queue of connections is full, so that another one is never made."""
    with socket.socket() as listening, socket.socket() as first, socket.socket() as second:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for one in (first, second):
            one.setblocking(False)
            one.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"


def ended(folder: Path, settings: dict[str, str]) -> tuple[float, float, int, list[str]]:
    """Run the command once; return its seconds, those of CPU, exit code and the lines that name a fault."""
    out = Path(tempfile.mkdtemp(dir=folder))
    arguments = ["extract", str(folder / "in"), "--target", "invoice", "--model", "openai/x", "--out", str(out)]
    known = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI", "THRESHER"))}
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=known | settings,
        timeout=120,
    )
    lines = done.stderr.splitlines()
    took, spent = next(map(float, line.split()[1:]) for line in reversed(lines) if line.startswith("took "))
    codes = ("key_missing", "key_rejected", "model_unknown", "model_unreachable")
    return took, spent, done.returncode, [line for line in lines if any(code in line for code in codes)]


def faults() -> Iterator[tuple[str, dict[str, str]]]:
    """Each fault with the settings that make it; servers run while the caller looks at it."""
    key = {"OPENAI_API_KEY": "k"}
    yield "no key", {}
    for name, (status, body) in REFUSED.items():
        with answering(status, body) as address:
            yield name, key | {"THRESHER_API_BASE": address}
    yield "nobody listens", key | {"THRESHER_API_BASE": "http://127.0.0.1:9/v1"}
    with silent() as address:
        yield "never answers", key | {"THRESHER_API_BASE": address}


def main() -> None:
    """Print a row for each fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    print("| fault | seconds, median | most | CPU | exit | lines | within | message |\n|" + "---|" * 8)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").mkdir()
        for i in range(3):
            (folder / "in" / f"{i}.txt").write_text(f"Invoice {i}\nTotal: EUR 1{i}.00\n")
        for fault, settings in faults():
            seen = [ended(folder, settings) for _ in range(runs)]
            times, (_, spent, code, lines) = [one[0] for one in seen], seen[-1]
            within = "yes" if max(times) <= LIMITS.get(fault, LIMIT) else "no"
            cells = (f"{statistics.median(times):.2f}", f"{max(times):.2f}", f"{spent:.2f}", code, len(lines), within)
            print(f"| {fault} | {' | '.join(map(str, cells))} | {' / '.join(lines)[:120]} |", flush=True)


if __name__ == "__main__":
    main()
