"""A client generated from the OpenAPI: is every answer typed, and does it work against a real `thresher serve`?

    pipx install openapi-python-client
    python -m bench.generated_client [--generator openapi-python-client]

The generator runs on the service's own /openapi.json, the package is imported, and its functions are called over HTTP. A line for each answer
tells its type; anything untyped, and any warning of the generator about a missing piece, ends it with 1.
"""

from __future__ import annotations

import argparse
import importlib
import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.journey.serving import TARGET, Served, make_key, order, served

PACKAGE = "thresher_client"
AS_BYTES = (  # types of answers that are files: this generator wants to be told so
    "image/png",
    "image/png, image/jpeg",
    "image/jpeg",
    "application/zip",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)
LOST = ("unable to parse", "invalid schema", "will be skipped", "cannot parse")  # in warnings: a piece is missing


def main(generator: str) -> int:
    """Generate, import, call; return the exit code."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        admin = make_key(folder / "data", "ops", "--admin")
        with served(folder, "--host", "0.0.0.0") as running:
            with running.client(admin) as http:
                contract = folder / "openapi.json"
                contract.write_text(json.dumps(http.get("/openapi.json").json()))
            lost = _generate(generator, contract, folder / "out")
            sys.path.insert(0, str(folder / "out"))
            wrong = [name for name, expected, found in _answers(running, admin) if not _told(name, expected, found)]
    print(f"{len(wrong)} wrong, {len(lost)} missing pieces", *lost, sep="\n  ")
    return int(bool(wrong or lost))


def _generate(generator: str, contract: Path, out: Path) -> list[str]:
    """Run the generator; return the lines that tell of a missing piece."""
    begun = time.monotonic()
    config = out.with_suffix(".yaml")
    config.write_text(
        "content_type_overrides:\n" + "".join(f"  {kind}: application/octet-stream\n" for kind in AS_BYTES)
    )
    command = [generator, "generate", "--path", str(contract), "--output-path", str(out), "--config", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    operations = sum(len(methods) for methods in json.loads(contract.read_text())["paths"].values())
    modules = [p for p in (out / PACKAGE / "api").rglob("*.py") if p.name != "__init__.py"]
    print(f"{len(modules)} of {operations} operations generated in {time.monotonic() - begun:.1f} s")
    found = [line for line in (done.stdout + done.stderr).splitlines() if any(w in line.lower() for w in LOST)]
    return found + ([] if len(modules) == operations else ["an operation has no function"])


def _call(group: str, name: str, **asked: Any) -> Any:
    """Call a function of the generated client."""
    return importlib.import_module(f"{PACKAGE}.api.{group}.{name}").sync_detailed(**asked).parsed


def _answers(running: Served, admin: str) -> Iterator[tuple[str, str, Any]]:
    """Call the operations that a caller needs; yield name, expected type and what came."""
    package, models, types = (importlib.import_module(n) for n in (PACKAGE, f"{PACKAGE}.models", f"{PACKAGE}.types"))
    client = package.AuthenticatedClient(base_url=running.url, token=admin, timeout=60.0)
    file = types.File(payload=io.BytesIO(order(1)), file_name="order.txt", mime_type="text/plain")
    body = models.Upload(file=[file], target=TARGET)
    made = _call("extractions", "create_extraction", client=client, body=body, wait=60.0)
    yield "create_extraction", "ExtractionResult", made
    (result,) = made.results
    yield "its Result", "Result", result
    yield "its evidence", "Evidence", result.evidence[0]
    yield "its source", "SourceFacts", result.source
    job = _call("extractions", "get_extraction", client=client, id=made.id)
    yield "get_extraction", "ExtractionProgress", job
    yield "its finished file", "FinishedFile", job.files[0]
    yield "get_original", "File", _call("files", "get_original", client=client, id=made.id, number=0)
    yield "export_xlsx", "File", _call("files", "export_xlsx", client=client, id=made.id)
    yield "export_csv", "str", _call("files", "export_csv", client=client, id=made.id)
    yield "list_reviews", "ReviewCollection", _call("reviews", "list_reviews", client=client, collection=made.id)
    yield "get_review", "ReviewDocument", _call("reviews", "get_review", client=client, collection=made.id, number=0)
    problem = _call("extractions", "get_extraction", client=client, id="none")
    yield "a Problem", "ProblemBody", problem
    yield "its code", "ProblemCode", problem.code
    wanted = models.WantedKey(tenant="acme")
    key = _call("keys", "create_key", client=client, body=wanted)
    yield "create_key", "CreatedKey", key
    yield "revoke_key", "KeyView", _call("keys", "revoke_key", client=client, id=key.id)


def _told(name: str, expected: str, found: Any) -> bool:
    """Print one line; return whether the type is the expected one."""
    kind = type(found).__name__
    print(f"{name:20} {kind:20} {'right' if kind == expected else f'WRONG, expected {expected}'}")
    return kind == expected


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--generator", default="openapi-python-client")
    sys.exit(main(options.parse_args().generator))
