"""Who is asked of a matter, who is held, and where evidence is cited: on records alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from thresher.schemas.discovery.matter import MatterDocument, ProducedFiles
from thresher.schemas.extraction import Evidence
from thresher.schemas.result import AnyResult, Reason, Result, TargetFacts
from thresher.schemas.source import SourceFacts
from thresher.schemas.target import Target
from thresher.service.discovery.extraction.citations import citations
from thresher.service.discovery.extraction.plan import Plan, plan, threads_with_unasked
from thresher.service.discovery.extraction.result_states import exceptions_of, state_of
from thresher.service.discovery.privilege.holding import Member, holding_of
from thresher.service.targets.loading import target_from_schema
from thresher.service.targets.target_map import Rule, TargetMap

FACT: Target = target_from_schema({"title": "Fact", "type": "object", "properties": {"code": {"type": "string"}}})


def document(name: str, **facts: Any) -> MatterDocument:
    """A document with its name as its id and as its content."""
    return MatterDocument(**{"id": name, "family_id": name, "sha256": name, "size": 1, "path": name} | facts)


def planned(documents: list[MatterDocument], glob: str = "*", **choices: Any) -> Plan:
    """The plan for documents and one target."""
    targets = TargetMap((Rule(glob=glob, target=FACT),))
    return plan(documents, targets, lambda d: d.state == "exception", **choices)


def test_only_masters_are_asked() -> None:
    """A copy points to its master, its child to the master's same child; equal children of other mails are asked."""
    documents = [
        document("a"),
        document("a1", parent_id="a", sha256="x"),
        document("b", dup_of="a"),
        document("b1", parent_id="b", sha256="x"),
        document("c1", parent_id="c", sha256="x"),
    ]
    made = planned(documents)
    assert list(made.asked) == ["a", "a1", "c1"]
    assert made.shared == {"b": "a", "b1": "a1"}


def test_child_without_a_counterpart_is_asked_itself() -> None:
    """It goes with the parent of the other family, whose answer is about another document."""
    documents = [
        document("a"),
        document("b", dup_of="a"),
        document("b1", parent_id="b", level=2, dup_of="a", sha256="shown in a's text"),
    ]
    made = planned(documents)
    assert (list(made.asked), made.shared) == (["a", "b1"], {"b": "a"})


def test_first_copy_answers_where_the_master_is_not_asked() -> None:
    """The master is held; its first copy was released, and answers for the second."""
    documents = [document("a", held=True), document("b", dup_of="a"), document("c", dup_of="a")]
    made = planned(documents)
    assert (list(made.asked), made.shared) == (["b"], {"c": "b"})
    assert [(p.document_id, p.state, p.reason) for p in made.passed] == [("a", "held", "privilege")]
    assert list(planned(documents, privilege="flag").asked) == ["a"]


def test_a_reply_that_quotes_a_held_mail_whole_is_held() -> None:
    """With what is attached to it; once the mail is released, it is not."""
    members = [
        Member("a", None, "a", "t", ("A",), ("counsel:x",)),
        Member("b", None, "b", "t", ("B",)),
        Member("b1", "b", "b", None, ("C",)),
    ]
    quoted = {"a": ["b", "gone"]}
    found = holding_of(members, frozenset(), lambda one: quoted.get(one, ()))
    assert (found.held, found.flags["b"], found.flags["b1"]) == ({"a", "b", "b1"}, ("quotes:a",), ("part:b",))
    assert holding_of(members, frozenset({"a"}), lambda one: quoted.get(one, ())).held == set()


def test_a_mail_is_asked_where_the_later_one_that_holds_it_is_not() -> None:
    """Held or unreadable, the later mail answers for nothing: its thread is asked whole; other threads are not."""
    mails = [
        document("old", inclusive=False, thread_id="t"),
        document("new", thread_id="t", held=True),
        document("other", inclusive=False, thread_id="u"),
        document("last", thread_id="u"),
    ]
    for privilege, asked in (("hold", ["old", "last"]), ("flag", ["new", "last"])):
        threads = threads_with_unasked(mails, privilege)  # type: ignore[arg-type]
        assert list(planned(mails, privilege=privilege, inclusive_outside=threads).asked) == asked


def test_every_document_has_one_place_in_the_plan() -> None:
    """Withheld, held, not inclusive, unreadable, without a target, asked: each once, with its reason."""
    documents = [
        document("slip", withheld=True, state="skipped"),
        document("held", held=True),
        document("old", inclusive=False, kind="email"),
        document("bad", state="exception", kind="email"),
        document("loose.pdf"),
        document("mail", kind="email"),
    ]
    made = planned(documents, "kind:email", inclusive_outside=frozenset())
    assert {p.document_id: p.reason for p in made.passed} == {
        "slip": "withheld",
        "held": "privilege",
        "old": "not_inclusive",
        "loose.pdf": "no_target",
    }
    assert (list(made.asked), made.unreadable) == (["mail"], 1)
    assert list(planned(documents, "type:application/*").asked) == ["old", "loose.pdf", "mail"]


@st.composite
def matters(draw: st.DrawFn) -> list[Member]:
    """Members of a matter: trees in order, contents that several share, some flagged."""
    made: list[Member] = []
    for n in range(draw(st.integers(1, 12))):
        parent = made[draw(st.integers(0, n - 1))] if n and draw(st.booleans()) else None
        contents = tuple(draw(st.lists(st.sampled_from("pqrs"), max_size=2, unique=True)))
        own = ("term:x",) if draw(st.integers(0, 3)) == 0 else ()
        family = parent.family_id if parent else str(n)
        made.append(Member(str(n), parent.id if parent else None, family, None, contents, own))
    return made


@given(matters())
def test_nothing_of_a_held_document_is_outside(members: list[Member]) -> None:
    """Every flagged document, whatever came out of a held one, and every copy of a held one is held."""
    held = holding_of(members, frozenset()).held
    contents = {c for m in members if m.id in held for c in m.contents}
    for member in members:
        must = bool(member.own) or member.parent_id in held or bool(contents.intersection(member.contents))
        assert (member.id in held) == must


def test_family_and_thread_are_warned_and_releases_free_what_followed() -> None:
    """An attachment is held by its own term: parent and thread are warned of; its copy follows, until it is released."""
    members = [
        Member("mail", None, "mail", "t", ("m",)),
        Member("memo", "mail", "mail", "t", ("x",), ("term:legal advice",)),
        Member("reply", None, "reply", "t", ("r",)),
        Member("copy", None, "copy", None, ("x",)),
    ]
    found = holding_of(members, frozenset())
    assert found.held == {"memo", "copy"}
    assert found.flags["mail"] == ("family:mail", "thread:t")
    assert found.flags["reply"] == ("thread:t",)
    assert found.flags["copy"] == ("copy:memo",)
    assert holding_of(members, frozenset({"memo"})).held == set()


def result(**facts: Any) -> Result[Any]:
    """A Result of nothing."""
    source = SourceFacts(path="a", sha256="", media_type="text/plain", **facts.pop("source", {}))
    target = TargetFacts(name="Fact", fingerprint="")
    return AnyResult(**{"source": source, "target": target, "status": "complete"} | facts)


def test_states_say_why() -> None:
    """Another kind is passed over; what waits for money is new; what does not is an exception or partial."""
    other = Reason(code="not_of_this_kind", path="", message="")
    waiting = [{"chunk": 0, "reason": "", "attempts": 1, "code": "cost_limit_reached"}]
    gave_up = [{"chunk": 0, "reason": "no", "attempts": 3, "code": "model_refused"}]
    assert state_of([result()]) == ("extracted", "")
    assert state_of([result(status="abstained", reasons=[other])]) == ("skipped", "not_of_this_kind")
    assert state_of([result(status="partial", unresolved=waiting)]) == ("new", "cost_limit_reached")
    refused = result(status="failed", unresolved=gave_up)
    assert state_of([refused])[0] == "exception"
    assert [e.code for e in exceptions_of(document("a"), [refused])] == ["model_refused"]
    assert exceptions_of(document("a"), [result(status="partial", unresolved=waiting)]) == []


def cited(pages: tuple[str, ...], **evidence: Any) -> str:
    """How a piece of evidence is cited, of a document with Bates numbers for pages."""

    def found() -> Iterator[str]:
        made = document("id", bates_begin=pages[0] if pages else None, produced=ProducedFiles(pages=pages))
        sources = [SourceFacts(path="a!/2", sha256="", media_type="image/tiff", pages=1)]
        proof = Evidence(path="/code", quote="q", start=3, end=4, **evidence)
        yield from map(str, citations(made, result(source={"pages": 1}, sources=sources, evidence=[proof])))

    return next(found())


def test_citations_name_the_page() -> None:
    """By the page in the file, by the page image of several, by the whole range where no page is known."""
    assert cited(("A1", "A2"), page=2) == "A2@3-4"
    assert cited(("A1", "A2"), source="a!/2", page=1) == "A2/2@3-4"
    assert cited(("A1", "A2")) == "A1-A2@3-4"
    assert cited(("A1",)) == "A1@3-4"
    assert cited((), page=7) == "page 7@3-4"
