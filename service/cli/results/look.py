"""Show a folder of Results in the browser: on review pages where the service is installed, else as a report."""

from __future__ import annotations

import sys
import webbrowser
from importlib.util import find_spec
from pathlib import Path

from thresher.service.exports.finished_results import find_results


def look_at(folder: Path, passwords: Path | None, log: str) -> None:
    """Open the Results; blocks while review pages are served, until Ctrl-C. Says where they are, browser or not."""
    if not find_results(folder).names:
        sys.stderr.write("thresher: --open: there is no Result to look at\n")
    elif find_spec("fastapi") is None:
        _report(folder)
    else:
        _review(folder, passwords, log)


def _review(folder: Path, passwords: Path | None, log: str) -> None:
    from thresher.service.cli.results.review import Request, main  # noqa: PLC0415 - loads the service

    asked = Request(
        folder=folder,
        originals=[],
        target=None,
        person=None,
        cases=None,
        port=0,
        passwords=passwords,
        opens=True,
        log=log,
    )
    try:
        main(asked)
    except KeyboardInterrupt:
        sys.stderr.write("thresher: the review pages are closed\n")


def _report(folder: Path) -> None:
    from thresher.service.cli.results.report import Request, main  # noqa: PLC0415 - loads what reads documents

    main(Request(folder))
    webbrowser.open((folder / "report.html").resolve().as_uri())
