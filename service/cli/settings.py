"""`thresher settings`: every setting, what it is set to and where; and the page of the docs that lists them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any

from thresher.schemas.errors import SetupProblem
from thresher.schemas.nearest_name import suggestion
from thresher.service.settings import (
    COMMAND_TABLES,
    NOT_IN_FILE,
    PROVIDER_KEYS,
    SECRET,
    VARIABLES,
    command_defaults,
    config_file,
    from_file,
    load,
)

COLUMNS = 80  # of the table
ALSO_SECRET = ("THRESHER_DATABASE", "THRESHER_UPLOADS", "THRESHER_PROVIDERS")  # addresses, which may hold passwords
EXAMPLE = """\
model = "office/qwen3-8b"
uploads = "/srv/uploads"
keep_days = 30
webhook_ports = [8443]

[providers.office]                       # the model `office/qwen3-8b` is asked there
base_url = "http://10.0.0.5:8000/v1"
key_variable = "OFFICE_KEY"              # the key itself stays in a variable or a file of THRESHER_SECRETS
models = ["qwen3-8b", "qwen3-32b"]

[providers.reading-room]
base_url = "http://10.0.0.6:11434"
protocol = "ollama_chat"

[serve]                                  # defaults for the options of `thresher serve`; the command line wins
host = "0.0.0.0"
width = 4
allow-model = ["office/qwen3-32b"]

[worker]
width = 8
"""


def main(form: str) -> int:
    """Print the settings as a table, or the page of the docs; return 1 where a variable has an unknown name."""
    if form == "markdown":
        sys.stdout.write(page())
        return 0
    load()  # raises where a value is wrong
    file = config_file()
    sys.stdout.write(f"file: {file or 'none'}\n")
    sys.stdout.writelines(f"{line}\n" for line in _table(os.environ))
    unknown = [n for n in os.environ if n.startswith("THRESHER_") and n not in VARIABLES]
    sys.stdout.writelines(f"unknown: {name}{suggestion(name, VARIABLES)}\n" for name in unknown)
    return int(bool(unknown))


def _table(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield lines for each setting: its name, where it is set, its value, and what it means."""
    file = from_file(environment)
    for name, meaning in VARIABLES.items():
        value = environment.get(name) or file.get(name)
        where = "variable" if environment.get(name) else "file"
        shown = "***" if name.endswith(SECRET) or name in ALSO_SECRET else value
        yield f"{name}: {shown} ({where})" if value else f"{name}: not set"
        yield from wrap(meaning, COLUMNS, initial_indent="    ", subsequent_indent="    ")


def with_file(config: Path | None, options: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Take the file of settings for this process and those it starts; return its defaults for commands.

    `options`: by command, the names of its options. Raises SetupProblem(setting_invalid).
    """
    named = {"THRESHER_CONFIG": str(config.absolute())} if config is not None else {}
    variables = {**os.environ, **named}
    found = command_defaults(variables)
    from_file(variables)
    for command, given in found.items():
        for name in given.keys() - options[command].keys():
            known = suggestion(name, options[command])
            raise SetupProblem("setting_invalid", f"{config_file(variables)}: [{command}] has no option {name}{known}")
    os.environ.update(named)
    return found


def page() -> str:
    """Return docs/guides/settings.md."""
    in_file = {n: n.removeprefix("THRESHER_").lower() for n in VARIABLES if n not in NOT_IN_FILE}
    rows = [f"| {n} | {f'`{in_file[n]}`' if n in in_file else '—'} | {m} |" for n, m in VARIABLES.items()]
    keys = [f"| `{key}` | {meaning} |" for key, meaning in PROVIDER_KEYS.items()]
    return "\n".join([*HEAD, *rows, *PROVIDERS, *keys, *FILE, EXAMPLE.rstrip(), "```", *TAIL, ""])


HEAD = (
    "# Settings",
    "",
    "Written by `thresher settings --format markdown`; a test compares it. `thresher settings` shows what each is set to, and where.",
    "",
    "A command line wins over a variable, a variable over the file. An unknown name in the file is refused, with the nearest known one.",
    "",
    "| Variable | In the file | Meaning |",
    "|---|---|---|",
)
PROVIDERS = (
    "",
    "Keys of the usual providers are read by their own names (OPENAI_API_KEY, ANTHROPIC_API_KEY …), those of S3 by AWS's, that of a hub of models as HF_TOKEN.",
    "",
    "## Several servers of models",
    "",
    "Each has a name, and the model `NAME/MODEL` is asked there, wherever a model is named: `--model`, a policy, `embedding_model`, `--allow-model`.",
    "Its key is sent to no other server, and no other key to it; neither stands in a log or in a stored answer.",
    "",
    "| Key | Meaning |",
    "|---|---|",
)
FILE = (
    "",
    "## The file",
    "",
    "`thresher --config FILE …` or THRESHER_CONFIG names it; else it is `thresher.toml` in THRESHER_HOME. It is never looked for in the working",
    "folder: a folder of documents comes from others, and must not say where documents are sent.",
    "",
    "```toml",
)
TAIL = (
    "",
    f"The tables {' and '.join(f'`[{name}]`' for name in COMMAND_TABLES)} take the long options of these commands, with `-` or `_`.",
    "Make a file that holds a password readable by its owner alone; better, keep secrets in THRESHER_SECRETS.",
)
