"""The library unstructured as a reader: by name (`--reader unstructured`), or for types that none of ours reads.

It is kept from the network. Before its first import the variables are set that turn its reports and its banner off, and its
loader of a spaCy model, which would download one, is replaced by a blank pipeline that splits words and sentences. What is lost
is its guess between a title and other text by parts of speech. Its import takes seconds.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

from thresher.schemas.errors import InputProblem, SetupProblem
from thresher.schemas.policy import ReadOptions
from thresher.schemas.source import Source
from thresher.service.readers.base import Reading, Spool
from thresher.service.readers.parsed.element_json_reader import reading_of

EXTRA = "thresher[unstructured]"
QUIET = ("DO_NOT_TRACK", "SCARF_NO_ANALYTICS", "UNSTRUCTURED_DISABLE_NOTICE")
OURS = (  # what holds other files: it would leave them out
    *("message/", "application/mbox", "application/vnd.ms-outlook", "application/vnd.ms-tnef", "application/pkcs7"),
    *("application/x-pkcs7", "application/zip", "application/x-tar", "application/gzip", "application/x-bzip2"),
    *("application/x-xz", "application/octet-stream", "application/x-ole-storage", "application/json"),
)


class UnstructuredReader:
    """Whatever unstructured partitions without a model, but for files that hold others."""

    name = "unstructured"

    def confidence(self, head: bytes, source: Source) -> float:  # noqa: ARG002 - the media type says enough
        """1 for any type but those that hold files, and those that nobody knows."""
        return 0.0 if source.media_type.startswith(OURS) else 1.0

    def read(self, source: Source, options: ReadOptions, spool: Spool) -> Reading:  # noqa: ARG002 - it finds no children
        """The Document. Raises SetupProblem(extra_missing) and InputProblem(unsupported_type)."""
        partition = _partition()
        from unstructured.errors import UnprocessableEntityError  # noqa: PLC0415 - an extra
        from unstructured.partition.common import UnsupportedFileFormatError  # noqa: PLC0415 - an extra

        name = source.name or Path(source.path).name
        try:
            with Path(source.blob).open("rb") as file:
                found = partition(
                    file=file, metadata_filename=name, content_type=source.media_type, strategy="fast", languages=[""]
                )
        except UnsupportedFileFormatError as error:
            raise InputProblem("unsupported_type", f"{source.path} is {source.media_type}") from error
        except UnprocessableEntityError as error:
            raise InputProblem("corrupt", f"{source.path} ({error})") from error
        except ImportError as error:
            raise SetupProblem("extra_missing", f"{source.path}: {error}") from error
        return reading_of(source, [element.to_dict() for element in found])


reader = UnstructuredReader()


@cache
def _partition() -> Any:
    """Return unstructured's `partition`, prepared. Raises SetupProblem(extra_missing)."""
    for name in QUIET:
        os.environ[name] = "1"
    try:
        from unstructured.nlp import tokenize  # noqa: PLC0415 - an extra, heavy, and only after the variables are set
        from unstructured.partition.auto import partition  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        raise SetupProblem("extra_missing", f"--reader unstructured needs {EXTRA}") from error
    tokenize._load_spacy_model = _blank_model  # noqa: SLF001 - the loader has no public door
    tokenize._get_nlp.cache_clear()  # noqa: SLF001 - a model that was loaded before would stay
    return partition


def _blank_model() -> Any:
    import spacy  # noqa: PLC0415 - comes with unstructured

    model = spacy.blank("xx")
    model.add_pipe("sentencizer")
    return model
