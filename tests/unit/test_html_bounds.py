"""Bounds on HTML before it is parsed."""

from __future__ import annotations

from thresher.schemas.document import DocumentBuilder
from thresher.schemas.errors import FACTS
from thresher.schemas.source import Source
from thresher.service.readers.web.html_blocks import write_html
from thresher.service.readers.web.html_limits import MAX_DEPTH, limit_html


def test_a_page_within_bounds_is_as_it_was() -> None:
    """Even one of many elements, some of which are never closed."""
    page = "<ul>" + "<li><b>one</b><br><p>two" * 5_000 + "</ul><img src='data:image/png;base64," + "A" * 50_000 + "=='>"
    assert limit_html(page) == (page, 0)


def test_what_is_too_deep_keeps_its_text() -> None:
    """Only tags go, an inner one with its end."""
    page, emptied = limit_html("<div>" * 5_000 + "x" + "</div>" * 5_000)
    assert not emptied
    assert (page.count("<div>"), page.count("</div>")) == (MAX_DEPTH, MAX_DEPTH)
    assert "x" in page


def test_too_many_attributes_are_not_read() -> None:
    """The element stays."""
    assert limit_html("<p " + "a=1 " * 5_000 + ">hello") == ("<p>hello", 1)


def test_what_is_left_out_of_a_tag_is_said() -> None:
    """A text in an attribute may be what somebody looks for: its loss has a code; a page within bounds has none."""
    builder = DocumentBuilder(Source(path="a", blob="", sha256="", size=0), kind="html")
    write_html(builder, '<img alt="' + "word " * 2_000 + '">hello')
    write_html(builder, "<p>" + "word " * 2_000 + "<div>" * 2_000 + "x")
    assert [n.code for n in builder.build().notes] == ["content_limit"]
    assert FACTS["content_limit"].loses_content
