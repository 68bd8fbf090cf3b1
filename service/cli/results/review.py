"""`thresher review`: look at the Results of a folder in the browser, correct them, decide on them."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
import webbrowser
from dataclasses import dataclass
from pathlib import Path

from thresher.schemas.errors import InputProblem, SetupProblem
from thresher.service.cli.observability import observed
from thresher.service.runs.policy_files import load_policy
from thresher.service.settings import load
from thresher.service.storage.run_inputs import result_files
from thresher.service.targets.target_map import load_targets


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What argv asks for."""

    folder: Path
    originals: list[Path]
    target: str | None
    person: str | None
    cases: Path | None
    port: int
    passwords: Path | None
    opens: bool
    log: str


def main(request: Request) -> int:
    """Serve the review; return the exit code."""
    try:
        from thresher.service.server.folder_review import FolderReview, review_folder  # noqa: PLC0415 - only here is a web framework needed
    except ModuleNotFoundError as error:
        raise SetupProblem("extra_missing", f"{error.name}: pip install 'thresher[serve]'") from None
    folder = checked_folder(request.folder)
    settings = load()
    rules = load_targets(request.target, base=Path.cwd()).rules if request.target else ()
    asked = FolderReview(
        folder=folder,
        person=request.person or person(),
        cases=request.cases or folder.with_name(f"{folder.name}.cases"),
        originals=tuple(request.originals),
        targets={r.target.fingerprint: r.target for r in rules},
        port=request.port,
        passwords=load_policy(None, {}, request.passwords).read.passwords,
    )
    os.umask(0o077)  # what is written is its owner's alone

    def ready(address: str, once: str) -> None:
        sys.stderr.write(f"thresher: reviewing {folder} at {address}, as {asked.person}; Ctrl-C ends it\n")
        if request.opens:
            webbrowser.open(once)

    with observed(settings, request.log):
        asyncio.run(review_folder(asked, ready))
    return 0


def checked_folder(folder: Path) -> Path:
    """Return the folder's full path if it holds a Result. Raises InputProblem(file_not_found)."""
    if not folder.is_dir():
        raise InputProblem("file_not_found", f"{folder} is no folder of Results")
    if not result_files(folder):
        raise InputProblem(
            "file_not_found", f"{folder} holds no Results; make some with `thresher extract … --out {folder}`"
        )
    return folder.resolve()


def person() -> str:
    """Return the login name of the person at this machine."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "local"
