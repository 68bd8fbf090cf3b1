"""Read the operator's settings: from variables, and below them from a TOML file. Nothing else reads the environment.

`thresher settings` shows them; docs/guides/settings.md is written from the tables below.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from thresher.schemas.errors import SetupProblem
from thresher.schemas.nearest_name import suggestion

VARIABLES = {
    "THRESHER_CONFIG": "a TOML file of settings; default: thresher.toml in THRESHER_HOME, where there is one",
    "THRESHER_MODEL": "the model to use where neither --model nor the policy names one",
    "THRESHER_HOME": "folder for weights and for stores of single-file runs; default: the user's data folder",
    "THRESHER_API_BASE": "address of an OpenAI-compatible server, for models that litellm would look for elsewhere",
    "THRESHER_EMBEDDING_API_BASE": "the same for the policy's embedding model; default: THRESHER_API_BASE",
    "THRESHER_PROVIDERS": "servers of models at addresses of their own, by name, as a JSON object; in the file: [providers.NAME]",
    "THRESHER_HUB": "address of the hub that `thresher models pull hf:…` fetches from, https://…; default: https://huggingface.co",
    "THRESHER_DATABASE": "postgresql://… of the service's jobs, if --database does not name one",
    "THRESHER_UPLOADS": "where the service stores uploads, if --uploads does not name it: a folder, or s3://bucket/prefix?endpoint=…",
    "THRESHER_MATTERS": "folder of the service's matters, at the same path on all its machines; default: in the folder of its data, where that is one machine's and not encrypted",
    "THRESHER_IMPORT_ROOTS": "folders from which matters may import what lies on the server, by commas: PATH for every tenant, TENANT=PATH for one; default: none",
    "THRESHER_KEEP_DAYS": "days for which the service stores a job, its results and uploads after its end; default: without limit",
    "THRESHER_ENCRYPTION_KEY": "keys with which the service encrypts what it stores, separated by commas: the first encrypts, all decrypt",
    "THRESHER_ENCRYPTION_KEY_FILE": "a file of such keys, one a line, in place of the variable",
    "THRESHER_SECRETS": "folder of files, each named like a variable and holding its value: the usual way to give secrets to a container",
    "THRESHER_WEBHOOK_CA": "a file of certificates (PEM) that servers of https webhooks are checked by, instead of the public ones",
    "THRESHER_WEBHOOK_PORTS": "ports that webhooks may go to beside 80 and 443, by commas; with --private-webhooks every port is allowed",
    "THRESHER_SHARED_ANSWERS": "1: tenants share the answers of models, so that none is paid for twice; default: each tenant has its own",
    "THRESHER_LOG": "least level of log lines on standard error: debug, info, warning (default), error",
    "THRESHER_LOG_CONTENT": "1: log lines may hold file names and documents' text; default: never",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "where traces are sent, by OTLP over HTTP; OTEL_EXPORTER_OTLP_TRACES_ENDPOINT for traces alone; default: nowhere",
}
"""Every variable and its meaning, in the order of the page."""
PROVIDER_KEYS = {
    "base_url": "address of the server, http:// or https://, with its path (most end in /v1)",
    "key_variable": "name of the variable that holds its key; default: it needs none",
    "models": "names of its models, of which one must be asked for; default: any",
    "protocol": "how it is spoken to: openai (default, for vLLM, llama.cpp, LiteLLM …) or another name of litellm, as ollama_chat",
}
"""Every key of a provider and its meaning."""
COMMAND_TABLES = ("serve", "worker")  # of the file: defaults for the options of these commands
TRACES = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
SECRET = ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIALS", "_HEADERS")  # how names of secrets end
FILE_NAME = "thresher.toml"
NOT_IN_FILE = ("THRESHER_CONFIG", "THRESHER_SECRETS", "OTEL_EXPORTER_OTLP_ENDPOINT")  # read before it, or by others
HUB = "https://huggingface.co"
LOOPBACK = ("http://127.0.0.1", "http://localhost", "http://[::1]")  # where no TLS is wanted
YES = frozenset({"1", "true", "yes"})
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
PROVIDER_NAME = re.compile(r"[a-z][a-z0-9_-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A server of models at an address of its own: the model `NAME/MODEL` is asked there."""

    name: str
    base_url: str = field(repr=False)  # may hold a password
    key_variable: str | None = None
    key: str | None = field(default=None, repr=False)  # the value of that variable
    models: tuple[str, ...] = ()  # those it has; empty: not said
    protocol: str = "openai"


@dataclass(frozen=True, slots=True)
class ImportRoot:
    """A folder below which imports may read what lies on the server."""

    path: Path
    tenant: str | None = None  # None: every tenant's


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of the environment."""

    home: Path
    model: str | None = None
    api_base: str | None = None
    embedding_api_base: str | None = None
    providers: tuple[Provider, ...] = ()
    hub: str = HUB
    hub_token: str | None = field(default=None, repr=False)  # HF_TOKEN, for files that need an account
    api_key: str | None = field(default=None, repr=False)  # given in Python; else litellm reads the provider's variable
    database: str | None = field(default=None, repr=False)  # may hold a password
    uploads: str | None = None
    matters: Path | None = None
    import_roots: tuple[ImportRoot, ...] = ()
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


def load(variables: Mapping[str, str] = os.environ) -> Settings:
    """Return the Settings of an environment: its variables, and what only its file says.

    Raises SetupProblem(setting_invalid).
    """
    environment = {**from_file(variables), **variables}
    providers = _providers(environment)
    key_file = environment.get("THRESHER_ENCRYPTION_KEY_FILE")
    return Settings(
        home=_home(environment),
        model=environment.get("THRESHER_MODEL") or None,
        api_base=environment.get("THRESHER_API_BASE") or None,
        embedding_api_base=environment.get("THRESHER_EMBEDDING_API_BASE") or None,
        providers=providers,
        hub=_hub(environment.get("THRESHER_HUB")),
        hub_token=environment.get("HF_TOKEN") or None,
        database=environment.get("THRESHER_DATABASE") or None,
        uploads=environment.get("THRESHER_UPLOADS") or None,
        matters=Path(matters).expanduser() if (matters := environment.get("THRESHER_MATTERS")) else None,
        import_roots=_roots(environment.get("THRESHER_IMPORT_ROOTS", "")),
        keep_days=_days(environment.get("THRESHER_KEEP_DAYS")),
        encryption_key=environment.get("THRESHER_ENCRYPTION_KEY") or None,
        encryption_key_file=Path(key_file).expanduser() if key_file else None,
        webhook_ca=Path(ca) if (ca := environment.get("THRESHER_WEBHOOK_CA")) else None,
        webhook_ports=_ports(environment.get("THRESHER_WEBHOOK_PORTS", "")),
        shared_answers=environment.get("THRESHER_SHARED_ANSWERS", "") in YES,
        log=environment.get("THRESHER_LOG", "warning").lower(),
        log_content=environment.get("THRESHER_LOG_CONTENT", "") in YES,
        traces=any(map(environment.get, TRACES)) and environment.get("OTEL_SDK_DISABLED", "").lower() != "true",
        secrets=(
            *(v for k, v in environment.items() if k.upper().endswith(SECRET) and v),
            *(p.key for p in providers if p.key),
        ),
    )


def config_file(variables: Mapping[str, str] = os.environ) -> Path | None:
    """Return the file of settings: the one that THRESHER_CONFIG names, else the one in the home, else None.

    Never one of the working folder: a folder of documents comes from others, and says nothing of where they are sent.
    """
    named = variables.get("THRESHER_CONFIG")
    here = Path(named).expanduser() if named else _home(variables) / FILE_NAME
    return here if named or here.is_file() else None


def from_file(variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the settings of the file under the names of the variables. Raises SetupProblem(setting_invalid)."""
    known = [name for name in VARIABLES if name not in NOT_IN_FILE]
    found: dict[str, str] = {}
    for key, value in _content(variables).items():
        name = key.upper() if key.upper().startswith("THRESHER_") else f"THRESHER_{key.upper()}"
        if key in COMMAND_TABLES:
            continue
        if name not in known:
            keys = [*(n.removeprefix("THRESHER_").lower() for n in known), *COMMAND_TABLES]
            _refuse(variables, f"no setting is called {key}{suggestion(key, keys)}")
        if isinstance(value, dict) != (name == "THRESHER_PROVIDERS"):
            _refuse(variables, f"{key}: {'tables' if name == 'THRESHER_PROVIDERS' else 'no table'} expected")
        found[name] = _text(value)
    return found


def command_defaults(variables: Mapping[str, str] = os.environ) -> dict[str, dict[str, Any]]:
    """Return the file's defaults for options of commands: by command and option. Raises SetupProblem(setting_invalid)."""
    content = _content(variables)
    tables = {name: content[name] for name in COMMAND_TABLES if name in content}
    if odd := [name for name, table in tables.items() if not isinstance(table, dict)]:
        _refuse(variables, f"{odd[0]}: a table [{odd[0]}] is expected")
    return {name: {key.replace("-", "_"): value for key, value in table.items()} for name, table in tables.items()}


def _content(variables: Mapping[str, str]) -> dict[str, Any]:
    file = config_file(variables)
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        _refuse(variables, getattr(error, "strerror", None) or str(error))


def _text(value: Any) -> str:
    """Return a value of the file as a variable would hold it.

    >>> _text(True), _text(8), _text([80, 8443]), _text({"a": {}})
    ('1', '8', '80,8443', '{"a": {}}')
    """
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, dict):
        return json.dumps(value)
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _refuse(variables: Mapping[str, str], why: str) -> NoReturn:
    raise SetupProblem("setting_invalid", f"{config_file(variables)}: {why}")


def _home(variables: Mapping[str, str]) -> Path:
    home = variables.get("THRESHER_HOME")
    return Path(home).expanduser() if home else _data_folder(variables) / "thresher"


def _providers(environment: Mapping[str, str]) -> tuple[Provider, ...]:
    """Return the servers that a setting names. Raises SetupProblem(setting_invalid)."""
    try:
        named = json.loads(environment.get("THRESHER_PROVIDERS") or "{}")
        found = named.items() if isinstance(named, dict) else None
    except ValueError:
        found = None
    if found is None:
        raise SetupProblem("setting_invalid", "THRESHER_PROVIDERS: a JSON object of servers by name")
    return tuple(_provider(name, said, environment) for name, said in found)


def _provider(name: str, said: Any, environment: Mapping[str, str]) -> Provider:
    """Return one server. Raises SetupProblem(setting_invalid), which shows no value."""
    place = f"providers.{name}"
    if not PROVIDER_NAME.fullmatch(name) or not isinstance(said, dict):
        raise SetupProblem("setting_invalid", f"{place}: a name of a-z, 0-9, - and _, and a table")
    for key in said.keys() - PROVIDER_KEYS.keys():
        raise SetupProblem("setting_invalid", f"{place}: no key is called {key}{suggestion(key, PROVIDER_KEYS)}")
    models = said.get("models", [])
    texts = [v for k, v in said.items() if k != "models"] + (models if isinstance(models, list) else [None])
    if not all(isinstance(v, str) and v for v in texts):
        raise SetupProblem("setting_invalid", f"{place}: texts are expected, and for models a list of them")
    if not str(said.get("base_url")).startswith(("http://", "https://")):
        raise SetupProblem("setting_invalid", f"{place}.base_url: http:// or https:// is expected")
    key = environment.get(said.get("key_variable", "")) or None
    return Provider(name=name, key=key, **{**said, "models": tuple(models)})


def _hub(address: str | None) -> str:
    """Return the address of the hub of models. Beyond loopback its checksums are worth as much as its TLS."""
    if address and not re.match(rf"https://|(?:{'|'.join(map(re.escape, LOOPBACK))})(?::\d+)?(?:/|$)", address):
        raise SetupProblem("setting_invalid", "THRESHER_HUB: https:// is expected")
    return address or HUB


def _days(text: str | None) -> float | None:
    """Return the days that a variable states; None where it is not set."""
    if not text:
        return None
    try:
        days = float(text)
    except ValueError:
        days = -1.0
    if not 0 <= days < float("inf"):
        raise SetupProblem("setting_invalid", "THRESHER_KEEP_DAYS: a number of days")
    return days


def _roots(text: str) -> tuple[ImportRoot, ...]:
    """Return the folders that a variable lists.

    >>> [str(root.path) for root in _roots("/mnt/all, acme=/mnt/acme")], _roots("acme=/mnt/acme")[0].tenant
    (['/mnt/all', '/mnt/acme'], 'acme')
    """
    found = []
    for word in filter(None, map(str.strip, text.split(","))):
        tenant, _, path = ("", "", word) if word.startswith("/") else word.rpartition("=")
        if not path.startswith("/") or not tenant == tenant.strip():
            raise SetupProblem("setting_invalid", "THRESHER_IMPORT_ROOTS: whole paths, or TENANT=PATH, by commas")
        found.append(ImportRoot(Path(path), tenant or None))
    return tuple(found)


def _ports(text: str) -> frozenset[int]:
    """Return the ports that a variable lists."""
    found = [word.strip() for word in text.split(",") if word.strip()]
    if not all(word.isascii() and word.isdecimal() and 0 < int(word) < 65536 for word in found):
        raise SetupProblem("setting_invalid", "THRESHER_WEBHOOK_PORTS: numbers of ports, by commas")
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
