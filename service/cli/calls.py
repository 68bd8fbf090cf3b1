"""`thresher calls`: the log of calls of a run or of a service, one by one or summed."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from thresher.schemas.errors import InputProblem
from thresher.schemas.tenants.calls import CallFilter, CallSums, KeptCall
from thresher.service.backend.resources import opened_calls
from thresher.service.cli import screen
from thresher.service.cli.screen import Column
from thresher.service.cli.serve import data_folder
from thresher.service.exports.csv_tables import InertCsv
from thresher.service.settings import load
from thresher.service.storage.answers.call_log import CallLog

SECONDS_OF_UNIT = {"m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}  # seconds
CELL_MAX_CHARS = 48  # characters of a cell in a table


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What argv asks for."""

    folder: Path | None
    database: str | None = field(repr=False)  # may hold a password
    form: str
    by: str | None
    filters: dict[str, str | None]
    limit: int
    cursor: str | None


def main(request: Request) -> int:
    """Show calls, newest first, or their sums; return the exit code."""
    if request.cursor is not None and not re.fullmatch(r"\d+(\.\d+)?-\d+", request.cursor):
        raise InputProblem("option_invalid", "--cursor: what the page before told")
    rows = asyncio.run(_rows(request, _filter(request.filters)))
    _write(rows, request.form)
    return 0


async def _rows(request: Request, wanted: CallFilter) -> list[dict[str, Any]]:
    async with _opened(request) as log:
        if request.by is not None:
            return [_sums(s, request.by) for s in await log.sums(wanted, request.by)]  # type: ignore[arg-type]
        found = await log.page(wanted, after=request.cursor, limit=request.limit, order="newest")
    if len(found) == request.limit:
        sys.stderr.write(f"thresher: there are more: --cursor {found[-1].cursor}\n")
    return [_whole(kept) if request.form in {"json", "jsonl"} else _one(kept) for kept in found]


@asynccontextmanager
async def _opened(request: Request) -> AsyncIterator[CallLog]:
    """Open the log of a run's folder, of a service's folder, or of a database."""
    settings = load()
    database = request.database or (settings.database if request.folder is None else None)
    folder = data_folder(request.folder, settings)
    found = [p for p in (folder / ".thresher" / "store.sqlite", folder / "service.sqlite") if p.is_file()]
    if database is None and not found:
        raise InputProblem("file_not_found", f"{folder} is the folder of no run and no service")
    async with opened_calls(database or found[0]) as log:
        yield log


def _filter(given: dict[str, str | None]) -> CallFilter:
    moments = {name: _moment(name, text) for name in ("since", "until") if (text := given.get(name)) is not None}
    rest = {name: text for name, text in given.items() if text is not None and name not in moments}
    return CallFilter(**moments, **rest)


def _moment(name: str, text: str) -> float:
    """Parse a moment into seconds since 1970: a date, a date and time (default UTC), or an age (90m, 24h, 7d).

    >>> _moment("since", "2026-11-22"), _moment("since", "2026-11-22T01:00:00+01:00")
    (1795305600.0, 1795305600.0)
    """
    if ago := re.fullmatch(r"(\d+)([mhdw])", text):
        return time.time() - float(ago[1]) * SECONDS_OF_UNIT[ago[2]]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputProblem("option_invalid", f"--{name} {text}: 2026-11-22, 2026-11-22T10:00, 24h or 7d") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _one(kept: KeptCall) -> dict[str, Any]:
    """Return a call as a row: what it was for, then what it cost."""
    call, a = kept.call, kept.call.attempt
    own = {"at": datetime.fromtimestamp(call.at, UTC).isoformat(timespec="milliseconds"), "tenant": call.tenant}
    own |= {"job": call.job, "document": call.document, "unit": call.unit, "prompt": a.prompt, "model": a.model}
    fate = "stored" if a.stored else a.code or a.finish
    tokens = {"in": a.prompt_tokens, "out": a.answer_tokens, "cached": a.cached_tokens}
    return {**own, "status": fate, **tokens, "seconds": a.seconds, "usd": a.usd, "retry": a.retry, "error": a.error}


def _whole(kept: KeptCall) -> dict[str, Any]:
    return {"number": kept.number, "job": kept.call.job, **kept.call.model_dump(mode="json")}


def _sums(sums: CallSums, by: str) -> dict[str, Any]:
    whole = sums.model_dump()
    return {by: whole.pop("group"), **whole}


HIDDEN = {"error", "unpriced", "stored_share", "job", "retry"}  # in a table: a screen is narrow
SPARE = ("prompt", "p95", "seconds", "failed", "tenant", "cached_share", "cached_tokens", "cached", "document")
"""Columns that are left out of a table on a narrow screen, the last one first."""
SHORT = {"at": "at (UTC)", "prompt_tokens": "in", "answer_tokens": "out", "cached_tokens": "cached"}


def _write(rows: list[dict[str, Any]], form: str) -> None:
    if form == "json":
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    elif form == "jsonl":
        sys.stdout.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    elif form == "csv" and rows:
        writer = InertCsv(sys.stdout, line_end="\n")
        writer.writerow(rows[0])
        writer.writerows(row.values() for row in rows)
    elif form == "table":
        _table(rows)


def _table(rows: list[dict[str, Any]]) -> None:
    """Print the columns that hold something, numbers to the right."""
    names = [n for n in (rows[0] if rows else {}) if n not in HIDDEN and any(r[n] not in {None, ""} for r in rows)]
    numbers = {n for n in names if all(isinstance(r[n], int | float | None) for r in rows)}
    columns = [
        Column(
            name=SHORT.get(n, n),
            align="right" if n in numbers else "left",
            long="wrap" if n in numbers or n in {"at", "status"} else "cut",
            spare=SPARE.index(n) + 1 if n in SPARE else 0,
        )
        for n in names
    ]
    if rows:
        sys.stdout.write(screen.table(columns, [[_cell(r[n], n) for n in names] for r in rows]))


def _cell(value: Any, name: str) -> str:
    if value is None:
        return "unknown" if name == "usd" else "-"
    if isinstance(value, float):
        return f"{value:.6f}" if name == "usd" else f"{value:.1%}" if name.endswith("share") else f"{value:.3f}"
    text = str(value)
    if name == "at":
        return text[5:19].replace("T", " ")
    return text if len(text) <= CELL_MAX_CHARS else "…" + text[1 - CELL_MAX_CHARS :]
