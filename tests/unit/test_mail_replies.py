"""Quoted replies and signatures."""

from __future__ import annotations

import pytest

from thresher.service.readers.mail.body_blocks import unflow
from thresher.service.readers.mail.replies import classify, depth_of


def told(text: str) -> str:
    """A letter a line: own, quoted (its depth), signature."""
    marks = classify(text.split("\n"))
    return "".join({"PARAGRAPH": "o", "SIGNATURE": "s"}.get(m.kind.name, str(m.level)) for m in marks)


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        (
            "Hi\n\nOn Mon, Apr 2, 2012 at 6:26 PM, Megan One\n<x@y.com> wrote:\n\n> Hi\n>> there",
            "oo11112",
        ),
        ("A\nAm 03.04.2012 um 16:19 schrieb Bob:\n> B", "o11"),
        ("A\nLe 3 avril 2012 à 16:19, Bob <b@x> a écrit :\n> B", "o11"),
        ("A\nEl 3 de abril de 2012 16:19, Bob escribió:\n> B", "o11"),
        ("A\nIl giorno 3 aprile 2012 16:19, Bob ha scritto:\n> B", "o11"),
        ("A\nOp 3 april 2012 om 16:19 schreef Bob:\n> B", "o11"),
        ("A\nEm 3 de abril de 2012 16:19, Bob escreveu:\n> B", "o11"),
        ("A\nOn 1 May 2012, Bob wrote:\nno marks here\nnor here", "o111"),
        ("A\n-----Original Message-----\nFrom: b\nTo: c\nSent: d\nSubject: e\n\nB", "o1111111"),
        ("A\n________________________________\nVon: b\nGesendet: c\nAn: d\nBetreff: e\nB", "o111111"),
        ("A\n\nDe : b\nEnvoyé : c\nÀ : d\nObjet : e\n\nB", "oo111111"),
        ("A\nFrom: b\nSent: c\nTo: d\nSubject: e\n\nB\nFrom: f\nSent: g\nTo: h\nSubject: i\n\nC", "o111111222222"),
        ("---------- Forwarded message ----------\nFrom: b\nDate: c\nSubject: d\nTo: e\n\nB", "1111111"),
        ("A\n-- \nBob", "oss"),
        ("A\n\nSent from my iPhone", "oos"),
        ("Please pay.\n\nKind regards,\nAnn\nAcme Ltd", "oosss"),
        ("> a\nmine\n> b", "1o1"),
        ("this is -- not a signature.\n\nkthxbai", "ooo"),
        ("On Monday we wrote:\nan essay", "oo"),
        ("He said: From: the start\nTo: the end", "oo"),
        (">From here on it is mine", "o"),
    ],
)
def test_who_wrote_which_line(text: str, marks: str) -> None:
    """Marks, attributions, header blocks of several languages, forwards, signatures, and what only looks like them."""
    assert told(text) == marks


def test_depth_counts_marks_with_and_without_spaces() -> None:
    """`> >` is as deep as `>>`; a mark inside a line is none."""
    assert [depth_of(line) for line in ("a > b", ">a", "> > a", ">>> a")] == [0, 1, 2, 3]


def test_soft_breaks_are_undone_within_a_quotation_only() -> None:
    """A flowed line continues on the next of its depth; the signature's dashes do not flow."""
    assert unflow(["> one ", "> two", "three ", "four", "-- ", "me"]) == ["> one two", "three four", "-- ", "me"]
