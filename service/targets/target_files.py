"""Load the user's class from a Python file or a module; each failure names its line and reason."""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import importlib
import importlib.util
import sys
import traceback
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, get_args

from pydantic import BaseModel, RootModel
from typing_extensions import is_typeddict

from thresher.schemas.errors import InputProblem

OWN_MODULES = ("thresher",)
_HOUSE = Path(__file__).parents[3].resolve()


def from_file(path: Path, name: str | None) -> Any:
    """Load the class called `name` from a Python file, or its one obvious model. Runs the file. Raises InputProblem.

    The file is a module of a private package for its folder, so that relative imports of its neighbours work; plain
    imports of neighbours work too, while it is loaded.
    """
    source = _read(path)
    _refuse_our_names(source, path)
    with _folder_last(path.parent, forget=True):
        module = _run(path, source)
    return _pick(module, name, str(path))


def from_module(dotted: str, name: str, base: Path) -> Any:
    """Load the class called `name` from a module, which may lie under `base`. Raises InputProblem."""
    top = dotted.split(".", 1)[0]
    if top in OWN_MODULES and _neighbour(base, top):
        _refuse(f"{dotted}: {_clash(top)}")
    with _folder_last(base, forget=False):
        try:
            module = importlib.import_module(dotted)
        except BaseException as error:  # noqa: BLE001 - the module is the user's code and may raise anything
            _explain(error, dotted, None)
    return _pick(module, name, dotted)


def is_model(value: Any) -> bool:
    """Whether a value can be a target: a pydantic model, a dataclass or a TypedDict."""
    if not isinstance(value, type):
        return False
    return issubclass(value, BaseModel) or dataclasses.is_dataclass(value) or is_typeddict(value)


def _read(path: Path) -> str:
    if not path.is_file():
        _refuse(f"{path}: no such file")
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        _refuse(f"{path}: {error}")


def _refuse_our_names(source: str, path: Path) -> None:
    """Refuse a file that imports its own `schemas`, and say why: the name is taken by Thresher."""
    try:
        tree = ast.parse(source, str(path))
    except (SyntaxError, ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        _refuse(f"{path}{f', line {line}' if line else ''}: {type(error).__name__}: {getattr(error, 'msg', error)}")
    for node in ast.walk(tree):
        for top in _tops(node):
            if top in OWN_MODULES and _neighbour(path.parent, top):
                _refuse(f"{path}, line {getattr(node, 'lineno', '?')}: {_clash(top)}")


def _tops(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [(node.module or "").split(".")[0]]
    return []


def _neighbour(folder: Path, top: str) -> bool:
    """Whether a folder has a module of that name that is not Thresher's own."""
    return folder.resolve() != _HOUSE and ((folder / f"{top}.py").exists() or (folder / top).is_dir())


def _clash(top: str) -> str:
    return f"it imports a module called {top!r}, which is also a part of Thresher; rename it or import it as .{top}"


@contextmanager
def _folder_last(folder: Path, *, forget: bool) -> Iterator[None]:
    """Append the folder to the import path for a while; `forget` its modules after, or two folders would mix."""
    before, place = set(sys.modules), str(folder.resolve())
    sys.path.append(place)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        del sys.path[
            len(sys.path) - 1 - sys.path[::-1].index(place)
        ]  # ours: the folder may be there on its own account
        for name in set(sys.modules) - before if forget else ():
            file = getattr(sys.modules[name], "__file__", None)
            if file and not name.startswith("_thresher_target") and Path(file).is_relative_to(place):
                del sys.modules[name]


def _run(path: Path, source: str) -> types.ModuleType:
    """Run a file as a module of a private package."""
    package = f"_thresher_target_{_digest(str(path.parent.resolve()))}"
    if package not in sys.modules:
        folder = types.ModuleType(package)
        folder.__path__ = [str(path.parent.resolve())]
        sys.modules[package] = folder
    name = f"{package}.{path.stem}_{_digest(source)}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        _refuse(f"{path}: this is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:  # noqa: BLE001 - the file is the user's code and may raise anything
        sys.modules.pop(name, None)
        _explain(error, str(path), path)
    return module


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _explain(error: BaseException, what: str, path: Path | None) -> NoReturn:
    """Raise InputProblem with the user's own line and reason, whatever was raised; an interruption passes."""
    if isinstance(error, KeyboardInterrupt):
        raise error
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if path and Path(f.filename) == path]
    line = f", line {lines[-1]}" if lines and lines[-1] else ""
    reason = str(error).split("\n", 1)[0]
    raise InputProblem("target_invalid", f"{what}{line}: {type(error).__name__}: {reason}") from error


def _pick(module: types.ModuleType, name: str | None, what: str) -> Any:
    models = {n: v for n, v in vars(module).items() if is_model(v) and v.__module__ == module.__name__}
    if name is None:
        return _obvious(models, what)
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is None:
        _refuse(f"{what}: it has no {name!r}; its models are {_listed(models)}")
    if not is_model(found):
        _refuse(f"{what}: {name!r} is {_kind(found)}, not a pydantic model, dataclass or TypedDict")
    return found


def _obvious(models: dict[str, Any], what: str) -> Any:
    """Return the one model that no other model of the file uses or builds on."""
    used = {part for model in models.values() for part in _parts(model)}
    tops = {n: m for n, m in models.items() if m not in used and not n.startswith("_")}
    if len(set(tops.values())) != 1:
        reason = f"it has no one obvious model; name one as file.py:Model, of {_listed(tops or models)}"
        _refuse(f"{what}: {reason}" if models else f"{what}: it defines no pydantic model, dataclass or TypedDict")
    return next(iter(tops.values()))


def _parts(model: Any) -> set[Any]:
    """Return the classes that a model builds on or names in its fields."""
    if issubclass(model, BaseModel):
        hints: list[Any] = [f.annotation for f in model.model_fields.values()]
    else:
        hints = list(getattr(model, "__annotations__", {}).values())
    found = set(model.__mro__[1:]) if not is_typeddict(model) else set()
    while hints:
        hint = hints.pop()
        hints += get_args(hint)
        found |= {hint, *_origin(hint)} if isinstance(hint, type) and hint is not model else set()
    return found


def _origin(model: Any) -> set[Any]:
    """Return the generic class behind Page[Invoice], and its arguments."""
    facts = getattr(model, "__pydantic_generic_metadata__", None) or {}
    return {facts["origin"], *facts["args"]} - {None} if facts.get("origin") else set()


def _kind(value: Any) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else f"a {type(value).__name__}"


def _listed(models: dict[str, Any]) -> str:
    names = [n for n, m in models.items() if not (isinstance(m, type) and m is RootModel)]
    return ", ".join(names) or "none"


def _refuse(reason: str) -> NoReturn:
    raise InputProblem("target_invalid", reason)
