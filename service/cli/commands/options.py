"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Paths = Annotated[list[Path], typer.Argument(help="Files and folders.", show_default=False)]
OnePath = Annotated[Path, typer.Argument(help="A file.", show_default=False)]
TargetSpec = Annotated[
    str,
    typer.Option(
        "--target",
        "-t",
        help="invoice (ready-made), file.py:Model, package.module:Model, schema.json, or targets.toml (glob = target).",
        show_default=False,
    ),
]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="Folder for the Results. One file without it: standard output.")
]
ModelName = Annotated[
    str | None, typer.Option("--model", "-m", help="embedded, local:/file.gguf, or any litellm model.")
]
PolicyFile = Annotated[Path | None, typer.Option("--policy", help="A TOML or JSON file of choices.")]
Passwords = Annotated[Path | None, typer.Option("--passwords", help="A file of passwords to try, one a line.")]
Log = Annotated[str, typer.Option("--log", help="Log lines on standard error: json or text; see THRESHER_LOG.")]
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
    str | None, typer.Option("--images", help="Pictures of pages for a model that sees: auto (weak pages), off or all.")
]
Ocr = Annotated[str | None, typer.Option("--ocr", help="auto, off, rapidocr, tesseract or vision.")]
ReaderName = Annotated[
    str | None, typer.Option("--reader", help="auto, or unstructured: what reads documents (thresher[unstructured]).")
]
Data = Annotated[Path | None, typer.Option("--folder", help="Folder of the service's own; default: in the home.")]
Database = Annotated[
    str | None, typer.Option(help="postgresql://…; default: THRESHER_DATABASE, else a file in --folder.")
]
