"""Read the operator's settings. Nothing else reads the environment.

| Variable | Meaning |
|---|---|
| THRESHER_MODEL | the model to use where neither --model nor the policy names one |
| THRESHER_HOME | folder for weights and for stores of single-file runs; default: the user's data folder |
| THRESHER_API_BASE | address of an OpenAI-compatible server, for models that litellm would look for elsewhere |
| THRESHER_EMBEDDING_API_BASE | the same for the policy's embedding model; default: THRESHER_API_BASE |
| THRESHER_DATABASE | postgresql://… of the service's jobs, if --database does not name one |
| THRESHER_UPLOADS | where the service stores uploads, if --uploads does not name it: a folder, or s3://bucket/prefix?endpoint=… |
| THRESHER_KEEP_DAYS | days for which the service stores a job, its results and uploads after its end; default: without limit |
| THRESHER_ENCRYPTION_KEY | keys with which the service encrypts what it stores, separated by commas: the first encrypts, all decrypt |
| THRESHER_ENCRYPTION_KEY_FILE | a file of such keys, one a line, in place of the variable |
| THRESHER_SECRETS | folder of files, each named like a variable and holding its value: the usual way to give secrets to a container |
| THRESHER_WEBHOOK_CA | a file of certificates (PEM) that servers of https webhooks are checked by, instead of the public ones |
| THRESHER_WEBHOOK_PORTS | ports that webhooks may go to beside 80 and 443, by commas; with --private-webhooks every port is allowed |
| THRESHER_SHARED_ANSWERS | 1: tenants share the answers of models, so that none is paid for twice; default: each tenant has its own |
| THRESHER_LOG | least level of log lines on standard error: debug, info, warning (default), error |
| THRESHER_LOG_CONTENT | 1: log lines may hold file names and documents' text; default: never |
| OTEL_EXPORTER_OTLP_ENDPOINT | where traces are sent, by OTLP over HTTP; OTEL_EXPORTER_OTLP_TRACES_ENDPOINT for traces alone; default: nowhere |

Credentials of S3 are read by obstore itself, by AWS's names. Keys of providers are read by litellm itself, by the names that each provider uses (OPENAI_API_KEY …).
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path

from thresher.schemas.errors import SetupProblem

TRACES = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
SECRET = ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIALS", "_HEADERS")  # how names of secrets end
YES = frozenset({"1", "true", "yes"})
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of the environment."""

    home: Path
    model: str | None = None
    api_base: str | None = None
    embedding_api_base: str | None = None
    api_key: str | None = field(default=None, repr=False)  # given in Python; else litellm reads the provider's variable
    database: str | None = field(default=None, repr=False)  # may hold a password
    uploads: str | None = None
    keep_days: float | None = None
    encryption_key: str | None = field(default=None, repr=False)
    encryption_key_file: Path | None = None
    webhook_ca: Path | None = None
    webhook_ports: frozenset[int] = frozenset()  # beside 80 and 443
    shared_answers: bool = False  # between tenants
    log: str = "warning"
    log_content: bool = False
    traces: bool = False  # an address for traces is set; OpenTelemetry reads it, and its other settings, itself
    secrets: tuple[str, ...] = field(default=(), repr=False)  # values that no log line and no message may show


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the Settings of an environment. Raises SetupProblem(setting_missing)."""
    home = environment.get("THRESHER_HOME")
    key_file = environment.get("THRESHER_ENCRYPTION_KEY_FILE")
    return Settings(
        home=Path(home).expanduser() if home else _data_folder(environment) / "thresher",
        model=environment.get("THRESHER_MODEL") or None,
        api_base=environment.get("THRESHER_API_BASE") or None,
        embedding_api_base=environment.get("THRESHER_EMBEDDING_API_BASE") or None,
        database=environment.get("THRESHER_DATABASE") or None,
        uploads=environment.get("THRESHER_UPLOADS") or None,
        keep_days=_days(environment.get("THRESHER_KEEP_DAYS")),
        encryption_key=environment.get("THRESHER_ENCRYPTION_KEY") or None,
        encryption_key_file=Path(key_file).expanduser() if key_file else None,
        webhook_ca=Path(ca) if (ca := environment.get("THRESHER_WEBHOOK_CA")) else None,
        webhook_ports=_ports(environment.get("THRESHER_WEBHOOK_PORTS", "")),
        shared_answers=environment.get("THRESHER_SHARED_ANSWERS", "") in YES,
        log=environment.get("THRESHER_LOG", "warning").lower(),
        log_content=environment.get("THRESHER_LOG_CONTENT", "") in YES,
        traces=any(map(environment.get, TRACES)) and environment.get("OTEL_SDK_DISABLED", "").lower() != "true",
        secrets=tuple(v for k, v in environment.items() if k.upper().endswith(SECRET) and v),
    )


def _days(text: str | None) -> float | None:
    """Return the days that a variable states; None where it is not set."""
    if not text:
        return None
    try:
        days = float(text)
    except ValueError:
        days = -1.0
    if not 0 <= days < float("inf"):
        raise SetupProblem("setting_missing", "THRESHER_KEEP_DAYS: a number of days")
    return days


def _ports(text: str) -> frozenset[int]:
    """Return the ports that a variable lists."""
    found = [word.strip() for word in text.split(",") if word.strip()]
    if not all(word.isascii() and word.isdecimal() and 0 < int(word) < 65536 for word in found):
        raise SetupProblem("setting_missing", "THRESHER_WEBHOOK_PORTS: numbers of ports, by commas")
    return frozenset(map(int, found))


def adopt_secrets(environment: MutableMapping[str, str] = os.environ) -> None:
    """Put each file of the folder THRESHER_SECRETS into the environment, under its name; what is set already stays.

    For the start of a program. Files with names that no variable has are passed over. Raises SetupProblem(setting_missing).
    """
    folder = environment.get("THRESHER_SECRETS")
    if not folder:
        return
    try:
        for file in sorted(Path(folder).iterdir()):
            if VARIABLE.fullmatch(file.name):
                environment.setdefault(file.name, file.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise SetupProblem("setting_missing", f"THRESHER_SECRETS={folder} ({why})") from error


def _data_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder in which programs of this user store data (XDG base directories; Library on macOS)."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(environment.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
