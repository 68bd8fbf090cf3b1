"""Write logs: one line for each event, as JSON or as text, with an `action` and ids, and no content of a document.

    {"at": 1795334400.12, "level": "info", "action": "call.made", "job": "…", "task": "…", "document": "…", "call": "…", …}

A line holds the fields named in FIELDS and the ids of `service/telemetry/ids.py`. Messages of other libraries, texts of
exceptions and all other fields may hold a document's text, a value or a file's name: they are withheld, and the place
in the code is given instead. `content` (THRESHER_LOG_CONTENT=1) shows them. Secrets are masked in either case.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TextIO

from thresher.schemas.errors import InputProblem, Problem
from thresher.service.telemetry.ids import current_unit, known_ids
from thresher.service.telemetry.masks import masked

Form = Literal["json", "text"]
OURS = ("thresher", "uvicorn")  # loggers whose messages are fixed texts of their program
FIELDS = frozenset(
    {
        *("action", "request", "tenant", "key_id", "asked_by", "job", "task", "document", "call", "worker", "batch"),
        *("method", "route", "status", "code", "why", "error", "again", "outcome", "attempt", "seconds", "count"),
        *("model", "prompt", "purpose", "finish", "prompt_tokens", "answer_tokens", "cached_tokens", "usd", "stored"),
        *("media_type", "pages", "chunks", "characters", "budget", "period", "threshold", "tokens", "most"),
    }
)
"""Fields that hold an id, a number, or a fixed word of this program: they are always shown."""

_PLAIN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "color_message"}
_ROOT = Path(__file__).parents[3]
_MAX_FRAMES = 12  # shown of one exception: the last ones


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """What the operator chose for the logs."""

    level: str = "warning"
    form: Form = "text"
    content: bool = False  # show messages, file names and texts of exceptions: they may hold documents' text


def configure(chosen: LogOptions, stream: TextIO | None = None) -> None:
    """Send all log lines, warnings and uncaught exceptions of this process to standard error. Raises InputProblem."""
    if chosen.form not in {"json", "text"}:
        raise InputProblem("request_invalid", f"--log {chosen.form}: json or text")
    level = logging.getLevelNamesMapping().get(chosen.level.upper())
    if level is None:
        raise InputProblem("request_invalid", f"THRESHER_LOG={chosen.level}: debug, info, warning or error")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter(chosen))
    logging.basicConfig(level=level if chosen.content else max(level, logging.WARNING), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    logging.getLogger("thresher").setLevel(min(logging.INFO, level) if chosen.form == "json" else level)
    sys.excepthook = _uncaught


class LineFormatter(logging.Formatter):
    """Format a log record as one line."""

    def __init__(self, chosen: LogOptions) -> None:
        """Take the operator's choices."""
        super().__init__()
        self._chosen = chosen

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record, with secrets masked."""
        line = facts(record, content=self._chosen.content)
        if self._chosen.form == "json":
            return masked(json.dumps(line, ensure_ascii=False, default=str))
        return masked(_text(line))


def facts(record: logging.LogRecord, *, content: bool) -> dict[str, Any]:
    """Return the fields of a record's line; `content` shows those that may hold a document's text."""
    own = record.name.partition(".")[0] in OURS
    given = {k: v for k, v in record.__dict__.items() if k not in _PLAIN}
    shown = {k: v for k, v in given.items() if content or k in FIELDS}
    line: dict[str, Any] = {"at": round(record.created, 3), "level": record.levelname.lower()}
    line |= {"action": given.get("action", "library"), **known_ids(), **shown}
    if not own:
        line["logger"] = record.name
    if content and (unit := current_unit.get()):
        line["unit"] = unit
    line["message"] = record.getMessage() if content else str(record.msg) if own else _withheld(record)
    if record.exc_info and record.exc_info[1] is not None:
        error = record.exc_info[1]
        line["trace"] = "".join(traceback.format_exception(error)) if content else list(error_without_text(error))
    return line


def error_without_text(error: BaseException) -> Iterator[str]:
    """Yield an exception without its text: types, Problem codes, and the places in the code, innermost last.

    >>> list(error_without_text(ValueError("a document's text")))
    ['ValueError']
    """
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        name = type(cause).__name__
        yield f"{name} ({cause.code})" if isinstance(cause, Problem) else name
        frames = traceback.extract_tb(cause.__traceback__)[-_MAX_FRAMES:]
        yield from (f"{_short(f.filename)}:{f.lineno} {f.name}" for f in frames)
        if isinstance(cause, BaseExceptionGroup):
            yield from (line for inner in cause.exceptions for line in error_without_text(inner))
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


def _withheld(record: logging.LogRecord) -> str:
    return f"withheld; from {record.module}:{record.lineno}"


def _short(name: str) -> str:
    """Return a source file's name relative to the program, or the last two parts of a library's path."""
    path = Path(name)
    if path.is_relative_to(_ROOT):
        return path.relative_to(_ROOT).as_posix()
    return "/".join(path.parts[-2:])


def _text(line: dict[str, Any]) -> str:
    """Return a line for people."""
    at = datetime.fromtimestamp(line.pop("at"), UTC).isoformat(timespec="milliseconds")
    level, action, message, trace = line.pop("level"), line.pop("action"), line.pop("message"), line.pop("trace", None)
    rest = " ".join(f"{k}={v}" for k, v in line.items())
    below = "" if trace is None else "\n" + (trace if isinstance(trace, str) else "\n".join(f"    {t}" for t in trace))
    return f"{at} {level.upper()} {action} {message}{' ' + rest if rest else ''}{below}"


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Log an uncaught exception in place of Python's traceback, which would print its text."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    log.critical("a fault of Thresher itself", exc_info=error, extra={"action": "process.fault"})


log = logging.getLogger(__name__)
