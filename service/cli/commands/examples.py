"""Examples of every command, shown at the end of its help, and checked against its options by a test."""

from __future__ import annotations

import typer

EXAMPLES: dict[str, tuple[str, ...]] = {
    "thresher": (
        "thresher extract invoice.pdf --target invoice",
        "thresher extract inbox --target invoice --out results --open",
    ),
    "extract": (
        "thresher extract invoice.pdf --target invoice",
        "thresher extract inbox --target mine.py:Invoice --out results",
        "thresher extract inbox -t targets.toml -o out -m openai/gpt-4o --max-cost 2",
        "thresher extract inbox --target invoice --out results --dry-run",
    ),
    "read": ("thresher read scan.pdf", "thresher read report.docx --format markdown"),
    "chunk": ("thresher chunk contract.pdf --tokens 2000",),
    "review": ("thresher review results --open", "thresher review results --originals inbox --as mary"),
    "export": ("thresher export results --format xlsx", "thresher export results --format csv --bom --out tables"),
    "report": ("thresher report results --out results.html",),
    "score": (
        "thresher score cases --model openai/gpt-4o-mini",
        "thresher score --compare out/score/run-OLD.json out/score/run-NEW.json",
    ),
    "serve": (
        "thresher serve",
        "thresher serve --host 0.0.0.0 --port 8080 --model openai/gpt-4o-mini",
    ),
    "worker": ("thresher worker --database postgresql://user@host/thresher --width 8",),
    "purge": ("thresher purge --days 30 --dry-run", "thresher purge --days 30 --tenant acme"),
    "encrypt": ("thresher encrypt",),
    "calls": (
        "thresher calls results",
        "thresher calls results --by model",
        "thresher calls --since 24h --status failed",
    ),
    "doctor": ("thresher doctor",),
    "settings": ("thresher settings", "thresher --config thresher.toml settings"),
    "version": ("thresher version",),
    "schema": ("thresher schema list", "thresher schema show invoice"),
    "schema list": ("thresher schema list",),
    "schema show": ("thresher schema show invoice", "thresher schema show mine.py:Invoice"),
    "schema check": ("thresher schema check mine.py:Invoice",),
    "models": ("thresher models list", "thresher models pull"),
    "models list": ("thresher models list",),
    "models pull": (
        "thresher models pull",
        "thresher models pull embedded/gemma3-270m --accept-terms",
        "thresher models pull hf:OWNER/REPO/FILE.gguf",
    ),
    "keys": ("thresher keys create --tenant acme",),
    "keys create": ("thresher keys create --tenant acme --days 90 --usd 50",),
    "keys list": ("thresher keys list",),
    "keys audit": ("thresher keys audit",),
    "keys revoke": ("thresher keys revoke 0123456789ab",),
    "budgets": ("thresher budgets set --usd 100",),
    "budgets set": ("thresher budgets set --tenant acme --per day --usd 10 --stop hold",),
    "budgets list": ("thresher budgets list",),
    "budgets remove": ("thresher budgets remove --tenant acme --per day",),
    "import": (
        "thresher import mails.pst share --matter case --custodian 'Lay, Kenneth'",
        "thresher import ABC001 --production --matter case",
        "thresher import ABC001 --production --dry-run",
    ),
    "matter": ("thresher matter status case", "thresher matter extract case --target correspondence"),
    "matter dedup": ("thresher matter dedup case --scope custodian",),
    "matter threads": ("thresher matter threads case",),
    "matter near-duplicates": ("thresher matter near-duplicates case --threshold 0.8",),
    "matter report": ("thresher matter report case --out reports",),
    "matter export": (
        "thresher matter export case --out overlay",
        "thresher matter export case --out tables --form csv",
    ),
    "matter verify": ("thresher matter verify case",),
    "matter resolve": ("thresher matter resolve case --code zero_byte --as waived --why empty --by A",),
    "matter retry": ("thresher matter retry case --passwords passwords.txt",),
    "matter sample": ("thresher matter sample case --size 385 --seed 1",),
    "matter validate": ("thresher matter validate case --coding sheet.csv",),
    "matter status": ("thresher matter status case", "thresher matter status case --json"),
    "matter extract": (
        "thresher matter extract case -t correspondence --max-cost 50",
        "thresher matter extract case -t agreement -t correspondence",
        "thresher matter extract case -t relevance --instructions 'Issue A: …'",
    ),
    "matter privilege": (
        "thresher matter privilege case --counsel counsel.txt",
        "thresher matter privilege case --counsel counsel.txt --terms terms.txt",
    ),
    "matter held": ("thresher matter held case",),
    "matter release": ("thresher matter release case ABC0000123 --by 'J. Roe' --why 'no advice'",),
    "matter pii": ("thresher matter pii case", "thresher matter pii case --redacted copies --kind ssn"),
}


def add_examples(app: typer.Typer) -> None:
    """Give every command of a program, and every group of commands, its examples at the end of its help."""
    app.info.epilog = _epilog("thresher")
    _add(app, "")


def _add(app: typer.Typer, above: str) -> None:
    for command in app.registered_commands:
        name = command.name or getattr(command.callback, "__name__", "").replace("_", "-")
        command.epilog = _epilog(f"{above}{name}")
    for group in app.registered_groups:
        if group.typer_instance is None:
            continue
        if isinstance(group.name, str):
            group.epilog = _epilog(group.name)
        _add(group.typer_instance, f"{group.name} " if isinstance(group.name, str) else above)


def _epilog(name: str) -> str:
    r"""Return the examples of a command as lines that are not wrapped; "" where it has none.

    >>> _epilog("doctor")
    '\x08\nExamples:\n  thresher doctor'
    """
    lines = EXAMPLES.get(name, ())
    return "\n  ".join(("\b\nExamples:", *lines)) if lines else ""
