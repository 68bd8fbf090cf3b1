"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from thresher.schemas import choices
from thresher.service.cli.command import call


def take_settings(context: typer.Context, config: Path | None) -> None:
    """Take the file of settings, and its defaults for the options of commands. Raises typer.Exit for a wrong file."""
    from thresher.service.cli.settings import with_file  # noqa: PLC0415 - see service/cli/main.py

    root = context.find_root()
    commands: dict[str, Any] = getattr(root.command, "commands", {})
    options = {name: {p.name: p for p in command.params} for name, command in commands.items()}
    root.default_map = call(with_file, config, options)


def _of_command(context: typer.Context, config: Path | None) -> Path | None:
    """Take a file of settings that is named behind the command. Its other options are read after it."""
    if config is not None:
        take_settings(context, config)
        context.default_map = (context.find_root().default_map or {}).get(context.info_name or "", {})
    return config


Config = Annotated[
    Path | None,
    typer.Option("--config", help="A TOML file of settings; see THRESHER_CONFIG.", callback=_of_command, is_eager=True),
]
Paths = Annotated[list[Path], typer.Argument(help="Files and folders.", show_default=False)]
OnePath = Annotated[Path, typer.Argument(help="A file.", show_default=False)]


def _targets(typed: str) -> list[str]:
    """Complete a target: the ready-made ones, and files that may hold one."""
    from thresher.schemas.library import library_names  # noqa: PLC0415 - see service/cli/main.py

    folder = Path(typed).parent
    files = [str(f) for end in ("*.py", "*.json", "*.toml") for f in sorted(folder.glob(end))]
    return [name for name in (*library_names(), *files) if name.startswith(typed)]


TargetSpec = Annotated[
    str,
    typer.Option(
        "--target",
        "-t",
        help="A ready-made one (`thresher schema list`), file.py:Model, package.module:Model, schema.json, or targets.toml "
        "(glob = target).",
        show_default=False,
        autocompletion=_targets,
    ),
]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="Folder for the Results. One file without it: standard output.")
]
ModelName = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        help="embedded, local:/file.gguf, or any litellm model; default: THRESHER_MODEL, else embedded.",
    ),
]
PolicyFile = Annotated[Path | None, typer.Option("--policy", help="A TOML or JSON file of choices.")]
Passwords = Annotated[Path | None, typer.Option("--passwords", help="A file of passwords to try, one a line.")]
Log = Annotated[
    Literal["json", "text"], typer.Option("--log", help="Log lines on standard error; how many: THRESHER_LOG.")
]
UploadsPlace = Annotated[
    str | None,
    typer.Option(help="Where the uploads lie, that all machines share: a folder, or s3://bucket/prefix?endpoint=…"),
]
Grace = Annotated[float, typer.Option(min=0, help="Seconds to finish what is in hand when told to stop.")]
NamedTargets = Annotated[
    list[str] | None,
    typer.Option(
        "--target", "-t", help="name=file.py:Model, a target that callers may name; server and workers alike."
    ),
]
Images = Annotated[
    choices.Images | None,
    typer.Option("--images", help="Pictures of pages for a model that sees. auto: of weak pages."),
]
Ocr = Annotated[
    choices.Ocr | None, typer.Option("--ocr", help="How pages without text are read. auto: by what is installed.")
]
ReaderName = Annotated[
    choices.ReaderName | None,
    typer.Option("--reader", help="What reads documents; unstructured needs thresher[unstructured]."),
]
Stance = Annotated[choices.Stance | None, typer.Option("--stance", help="Which mistake is worse.")]
MaxCost = Annotated[
    float | None, typer.Option("--max-cost", min=0, help="Dollars; stops before they are spent.", metavar="USD")
]
Jobs = Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Calls in flight at once.", metavar="N")]
Instructions = Annotated[
    str | None, typer.Option("--instructions", help="Your own words to the model, added to every question.")
]
Data = Annotated[Path | None, typer.Option("--folder", help="Folder of the service's own; default: in the home.")]
Database = Annotated[
    str | None, typer.Option(help="postgresql://…; default: THRESHER_DATABASE, else a file in --folder.")
]
