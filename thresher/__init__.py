"""The verbs of Thresher, and its doors. In Python: `extract`, `aextract` where a loop already runs, `aextract_many`.

What they take and give is exported here too: `Text`, `Policy`, `Result`, `Progress`, `Evidence`, and the exceptions:
`Problem`, of which `InputProblem`, `ModelProblem`, `SetupProblem` and `JobProblem` are kinds.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias, TypedDict, TypeVar, Unpack, overload

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable

    from thresher.schemas.errors import InputProblem, JobProblem, ModelProblem, Problem, SetupProblem
    from thresher.schemas.extraction import Evidence
    from thresher.schemas.pages import Page
    from thresher.schemas.policy import Policy
    from thresher.schemas.progress import Progress
    from thresher.schemas.result import Result
    from thresher.schemas.source import Text

    T = TypeVar("T")
    One: TypeAlias = "str | os.PathLike[str] | bytes | IO[bytes] | IO[str] | Text"
    Many: TypeAlias = "One | Iterable[One] | AsyncIterable[One]"
    Tell: TypeAlias = Callable[[Progress], object]

    class Choices(TypedDict, total=False):
        """The keyword arguments of every door."""

        model: str | None
        base_url: str | None
        api_key: str | None
        instructions: str | None
        policy: Policy | None
        progress: Tell | None
        store: str | Path | None


__all__ = [
    "Evidence",
    "InputProblem",
    "JobProblem",
    "ModelProblem",
    "Page",
    "Policy",
    "Problem",
    "Progress",
    "Result",
    "SetupProblem",
    "Text",
    "aextract",
    "aextract_many",
    "extract",
    "read_result",
]
_MODULES = {  # of the names that are imported when first used, so that `import thresher` stays light
    "Evidence": "extraction",
    "InputProblem": "errors",
    "JobProblem": "errors",
    "ModelProblem": "errors",
    "Page": "pages",
    "Policy": "policy",
    "Problem": "errors",
    "Progress": "progress",
    "Result": "result",
    "SetupProblem": "errors",
    "Text": "source",
}
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # else onnxruntime notes its uses in the home and reports them


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _MODULES:
        raise AttributeError(f"module 'thresher' has no attribute {name!r}")
    return getattr(importlib.import_module(f"thresher.schemas.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    """Return the public names, for completion."""
    return sorted({*globals(), *__all__})


@overload
async def aextract(source: One | list[One], target: type[T], **choices: Unpack[Choices]) -> Result[T]: ...
@overload
async def aextract(
    source: One | list[One], target: str | dict[str, Any], **choices: Unpack[Choices]
) -> Result[Any]: ...
async def aextract(  # noqa: PLR0913 - the choices of the contract
    source: One | list[One],
    target: type[Any] | str | dict[str, Any],
    *,
    model: str | None = None,
    base_url: str | None = None,
    api_key: str | None = None,
    instructions: str | None = None,
    policy: Policy | None = None,
    progress: Tell | None = None,
    store: str | Path | None = None,
) -> Result[Any]:
    """Extract one validated value from one document, with the evidence for each part of it.

    Args:
        source: what to read. A `str` or path is a path; `bytes` and a file opened with "rb" are its content; a text is
            `Text("...")`. A list is one document in several files, and gives one Result. An open file's `name` is kept.
        target: what is to be known: a pydantic class (a dataclass or TypedDict too), a JSON Schema, or what `--target`
            takes: "invoice", "file.py:Model", "schema.json".
        model: as `--model` takes it: "openai/gpt-4o-mini", "embedded". Default: THRESHER_MODEL, else the embedded one.
        base_url: address of an OpenAI-compatible server, as "http://127.0.0.1:11434/v1". Default: THRESHER_API_BASE.
        api_key: the provider's key. Default: the provider's own variable, as OPENAI_API_KEY.
        instructions: your own words to the model, added to every question; they are part of what an answer is kept under.
        policy: all other choices; the arguments above stand above it.
        progress: called with a `Progress` after each file read and each question answered; `print` will do.
        store: folder that keeps every model answer, so that none is paid for twice. Calls in one program share it, another
            program waits.

    Returns:
        A Result. With a class, `data` is an instance of it, or None where it cannot be built; `values` is always the tree
        of what was found, and `reasons` says what keeps it from being complete.

    Raises:
        InputProblem: the source, target or policy cannot be used at all (`file_not_found`, `target_invalid` …).
        SetupProblem: no document would fare better (`key_missing`, `model_unreachable` …). Each Problem has a stable `code`,
            and a `message` that ends with what to do.

    >>> import asyncio
    >>> from thresher import Text, aextract
    >>> result = asyncio.run(aextract(Text("Invoice 4711. Total: 12.50"), "invoice"))
    >>> result.values["total"]
    12.50
    """
    run = importlib.import_module("thresher.service.runs.python_api")  # `import thresher` stays free of every engine
    choices = run.Choices(
        model=model,
        base_url=base_url,
        api_key=api_key,
        instructions=instructions,
        policy=policy,
        progress=progress,
        store=store,
    )
    result: Result[Any] = await run.aextract(source, target, choices)
    return result


@overload
def extract(source: One | list[One], target: type[T], **choices: Unpack[Choices]) -> Result[T]: ...
@overload
def extract(source: One | list[One], target: str | dict[str, Any], **choices: Unpack[Choices]) -> Result[Any]: ...
def extract(  # noqa: PLR0913 - the choices of the contract
    source: One | list[One],
    target: type[Any] | str | dict[str, Any],
    *,
    model: str | None = None,
    base_url: str | None = None,
    api_key: str | None = None,
    instructions: str | None = None,
    policy: Policy | None = None,
    progress: Tell | None = None,
    store: str | Path | None = None,
) -> Result[Any]:
    """Extract as `aextract` does, for programs without an event loop; the arguments are the same.

    Raises InputProblem(loop_running) inside a running loop, as in a notebook: write `await aextract(...)` there.

    >>> from pydantic import BaseModel
    >>> from thresher import Text, extract
    >>> class Invoice(BaseModel):
    ...     number: str
    ...     total: float | None
    >>> result = extract(Text("Invoice 4711. Total: 12.50"), Invoice)
    >>> result.status, result.data
    ('complete', Invoice(number='4711', total=12.5))
    >>> [(e.quote, e.start) for e in result.evidence_of("/number")]
    [('4711', 8)]
    """
    run = importlib.import_module("thresher.service.runs.python_api")
    choices = run.Choices(
        model=model,
        base_url=base_url,
        api_key=api_key,
        instructions=instructions,
        policy=policy,
        progress=progress,
        store=store,
    )
    result: Result[Any] = run.extract(source, target, choices)
    return result


@overload
def aextract_many(
    sources: Many, target: type[T], *, at_once: int = ..., **choices: Unpack[Choices]
) -> AsyncGenerator[Result[T], None]: ...
@overload
def aextract_many(
    sources: Many, target: str | dict[str, Any], *, at_once: int = ..., **choices: Unpack[Choices]
) -> AsyncGenerator[Result[Any], None]: ...
def aextract_many(  # noqa: D417, PLR0913 - the choices of the contract, described at `aextract`
    sources: Many,
    target: type[Any] | str | dict[str, Any],
    *,
    at_once: int = 8,
    model: str | None = None,
    base_url: str | None = None,
    api_key: str | None = None,
    instructions: str | None = None,
    policy: Policy | None = None,
    progress: Tell | None = None,
    store: str | Path | None = None,
) -> AsyncGenerator[Result[Any], None]:
    """Extract from many documents; yield each Result as soon as it is finished.

    Args:
        sources: a folder, or sources as `aextract` takes them (folders among them), also from an asynchronous iterator.
            Every document in a file has a Result of its own: each mail of a mailbox, each member of a ZIP, each document of
            a scanned stack, as with `thresher extract`. `Result.given` is the source that a Result was made from.
        target: as for `aextract`; so are the other arguments.
        at_once: sources in work at once. How many questions are asked at once is the policy's `concurrency`.

    Yields:
        Results, in the order in which they are finished. A source that cannot be read gives one with status "failed" and
        does not stop the others.

    Raises:
        Problem: where no document would fare better, as in `aextract`. What is finished has been yielded before.

    >>> import asyncio
    >>> from thresher import Text, aextract_many
    >>> async def main():
    ...     texts = [Text("Invoice 4711. Total: 12.50"), "missing.pdf"]
    ...     return [(r.source.path, r.status) async for r in aextract_many(texts, "invoice")]
    >>> sorted(asyncio.run(main()))
    [('missing.pdf', 'failed'), ('text.txt', 'partial')]
    """
    run = importlib.import_module("thresher.service.runs.python_api")
    choices = run.Choices(
        model=model,
        base_url=base_url,
        api_key=api_key,
        instructions=instructions,
        policy=policy,
        progress=progress,
        store=store,
    )
    found: AsyncGenerator[Result[Any], None] = run.aextract_many(sources, target, choices, at_once)
    return found


def read_result(file: str | Path, source: str | Path | None = None) -> Result[Any]:
    """Return a Result that a run wrote, or a service gave; with `source`, the file it was made from, its pages can be shown.

    Raises InputProblem: `file_not_found`, `source_invalid` where `source` is another file than the one it was made from.

    >>> from thresher import Text, extract, read_result
    >>> _ = Path("kept.json").write_text(extract(Text("Invoice 4711. Total: 12.50"), "invoice").model_dump_json())
    >>> read_result("kept.json").values["total"]
    12.50
    """
    run = importlib.import_module("thresher.service.runs.python_api")
    result: Result[Any] = run.read_result(file, source)
    return result
