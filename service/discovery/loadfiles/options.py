"""What a job may say about a production; whatever it leaves out is found or stays unknown."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from thresher.schemas.errors import InputProblem
from thresher.service.discovery.loadfiles.dates import DateOrder
from thresher.service.discovery.loadfiles.delimiters import Delimiters
from thresher.service.readers.charset import charset_named


def _known_codec(name: str) -> str:
    found = charset_named(name)
    if found is None:
        raise ValueError(f"no encoding is called {name!r}")
    return found


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is no time zone of the IANA list")
    return name


Character = Annotated[str, StringConstraints(min_length=1, max_length=1)]


class DelimiterOptions(BaseModel):
    """The five delimiters; an empty table entry is not possible, so None is written by leaving it out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    separator: Character
    qualifier: Character | None = None
    newline: Character | None = None
    multi: Character = ";"
    nested: Character = "\\"

    def delimiters(self) -> Delimiters:
        """Return them as the reader takes them."""
        return Delimiters(**self.model_dump())


class LoadOptions(BaseModel):
    """Options of a production's import, as a TOML file gives them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoding: Annotated[str, AfterValidator(_known_codec)] | None = None
    delimiters: DelimiterOptions | None = None
    header: bool | None = None  # whether the first row names the columns
    columns: tuple[str, ...] = ()  # names of the columns, in order, where no row names them
    fields: dict[str, str] = {}  # a column's name to the canonical field that it holds
    date_order: DateOrder | None = None
    production_timezone: Annotated[str, AfterValidator(_known_zone)] | None = None


def load_options(path: Path | None) -> LoadOptions:
    """Return the options in a TOML file; raise InputProblem("policy_invalid") for one that is not valid."""
    if path is None:
        return LoadOptions()
    try:
        return LoadOptions.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputProblem("policy_invalid", f"{path}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputProblem("policy_invalid", f"{path}: {where}: {first['msg']}") from error
