"""Documents of another kind than their target: by what rules found, and by a model's word."""

from __future__ import annotations

import json
from typing import Any

import pytest

from thresher.schemas.chunk import Chunk
from thresher.schemas.document import Document, DocumentBuilder
from thresher.schemas.extraction import Evidence, Extraction
from thresher.schemas.library.invoice import Invoice
from thresher.schemas.policy import Policy
from thresher.schemas.source import Source
from thresher.service.extraction.chunk_extractor import ChunkExtractor, extract_chunk
from thresher.service.extraction.kind_question import KIND_MEMBER, with_kind, without_kind
from thresher.service.llm.providers.scripted import ScriptedTransport, scripted
from thresher.service.merging.tree import Merged
from thresher.service.provider_schemas.request_schema import request_schema_of
from thresher.service.results.other_kind import of_kind, withdrawn
from thresher.service.rules.document_kind import kind_signs
from thresher.service.rules.spans.span import Span
from thresher.service.targets.loading import target_from_model, target_from_schema

INVOICE = target_from_model(Invoice)
SETTINGS = "[cache]\nhost = 10.0.0.1\nport = 6379\ntimeout = 30"


def document(text: str) -> Document:
    """A Document of one Block a line."""
    made = DocumentBuilder(Source(path="a.txt", blob="a.txt", sha256="", size=1), kind="text")
    for line in text.split("\n"):
        made.block(line)
    return made.build()


def span(value: Any, label: str, told: float) -> Span:
    """A value with the words beside it."""
    return Span(start=0, end=1, text=str(value), value=value, label_points=told, label=label)


def small(*names: str) -> Any:
    """A target of nullable texts."""
    members = {n: {"type": ["string", "null"]} for n in names}
    return target_from_schema({"type": "object", "properties": members}, "ticket")


def test_settings_are_no_invoice() -> None:
    """Nothing of an invoice was found, and the text does not call itself one."""
    signs = kind_signs(document(SETTINGS), INVOICE, [])
    assert signs.is_other
    assert "number" in signs.explanation(INVOICE)


def test_a_document_that_says_its_name_needs_one_telling_value() -> None:
    """An invoice of which the rules read little is still an invoice."""
    signs = kind_signs(document("Invoice\nInvoice number 7"), INVOICE, [("/number", span("7", "invoice number", 0.9))])
    assert not signs.is_other


@pytest.mark.parametrize(
    ("said", "is_other"), [("Handelsrechnung Nr. 7", False), ("Facture n° 7", False), ("Zeugnis", True)]
)
def test_a_document_may_say_its_name_in_another_language(said: str, is_other: bool) -> None:  # noqa: FBT001
    """A German or French invoice calls itself one, in one word with others, too."""
    found = [("/number", span("7", "invoice number", 0.9))]
    assert kind_signs(document(said), INVOICE, found).is_other is is_other


def test_a_list_that_was_read_tells_the_kind() -> None:
    """Rows of a list are enough."""
    assert not kind_signs(document("x"), INVOICE, [("/lines/0/amount", span(5, "", 0.0))]).is_other


def test_words_that_any_paper_prints_tell_nothing() -> None:
    """A date beside "date" is no sign of an invoice."""
    assert kind_signs(document(SETTINGS), INVOICE, [("/issued", span("2024-01-01", "date", 0.9))]).is_other


def said(kind: str, found: tuple[str, ...] = ()) -> Any:
    """What comes of a model's word, with some fields found."""
    evidence = [Evidence(path=f"/{f}", quote="x", start=0, end=1) for f in found]
    return of_kind([Extraction(chunk=0, other_kind=kind)], small("number", "seat", "gate"), evidence)


def test_a_model_is_believed_where_little_was_found() -> None:
    """One of three leading fields is fewer than half."""
    assert said("a log", ("seat",)).code == "not_of_this_kind"
    assert "a log" in said("a log").message


@pytest.mark.parametrize(("kind", "found"), [("", ()), ("a log", ("seat", "gate"))])
def test_null_and_much_that_was_found_change_nothing(kind: str, found: tuple[str, ...]) -> None:
    """Neither silence nor a word against what was read is a sign."""
    assert said(kind, found) is None


def test_one_document_of_another_kind_does_not_make_the_unit_one() -> None:
    """A mail's own text is no invoice, the file that hangs on it is."""
    rules = {"chunk": 0, "by_rules": True}
    own, hung = Extraction(document=0, other_kind="no invoice", **rules), Extraction(document=1, **rules)
    assert of_kind([own, hung], INVOICE, []) is None
    assert of_kind([own], INVOICE, []) is not None


def test_what_was_found_is_listed() -> None:
    """Nothing is given and nothing is lost."""
    gone = withdrawn(Merged(data={"seat": "4A"}))
    assert gone.data == {}
    assert [(u.path, u.value) for u in gone.unsupported] == [("/seat", "4A")]


@pytest.mark.parametrize("dialect", ["plain", "openai_strict", "gemini", "anthropic"])
def test_the_member_is_asked_last(dialect: Any) -> None:
    """The shape that is asked for ends in it, and it is required as all members are."""
    schema = with_kind(request_schema_of(small("seat"), dialect=dialect).schema, dialect)
    assert list(schema["properties"])[-1] == KIND_MEMBER == schema["required"][-1]


async def run(of_kind_too: bool) -> tuple[Extraction, dict[str, Any]]:  # noqa: FBT001 - a fact
    """The Extraction of a short text, and the schema that was asked."""
    model = scripted({"": json.dumps({"seat": None, KIND_MEMBER: "a settings file"})})
    text, target = document(SETTINGS), small("seat")
    chunk = Chunk(index=0, start=0, end=len(text.text), text=text.text, count=len)
    ask = ChunkExtractor(
        model=model,
        target=target,
        asked=request_schema_of(target),
        policy=Policy(),
        answer_tokens=500,
        of_kind=of_kind_too,
    )
    found = await extract_chunk(ask, text, chunk)
    assert isinstance(model.wire, ScriptedTransport)
    return found[0], model.wire.questions[0].schema or {}


async def test_the_answer_is_taken_out_before_anything_sees_it() -> None:
    """The member is asked once, is no part of the data, and is kept beside it."""
    found, schema = await run(of_kind_too=True)
    assert KIND_MEMBER in schema["properties"]
    assert found.data == {"seat": None}
    assert found.other_kind == "a settings file"


async def test_other_questions_are_not_disturbed() -> None:
    """Where it is not asked the schema is the target's own."""
    found, schema = await run(of_kind_too=False)
    assert KIND_MEMBER not in schema["properties"]
    assert found.other_kind == ""


def test_null_is_no_word() -> None:
    """Null, and an empty text where a provider has no null, say nothing."""
    assert without_kind({"a": 1, KIND_MEMBER: None}) == ({"a": 1}, "")
    assert without_kind({"a": 1, KIND_MEMBER: " "}) == ({"a": 1}, "")
