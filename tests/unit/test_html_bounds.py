"""Bounds on HTML before it is parsed."""

from __future__ import annotations

from service.readers.html_bounds import DEEPEST, bounded


def test_a_page_within_bounds_is_as_it_was() -> None:
    """Even one of many elements, some of which are never closed."""
    page = "<ul>" + "<li><b>one</b><br><p>two" * 5_000 + "</ul><img src='data:image/png;base64," + "A" * 50_000 + "=='>"
    assert bounded(page) == page


def test_what_is_too_deep_keeps_its_text() -> None:
    """Only tags go, an inner one with its end."""
    page = bounded("<div>" * 5_000 + "x" + "</div>" * 5_000)
    assert (page.count("<div>"), page.count("</div>")) == (DEEPEST, DEEPEST)
    assert "x" in page


def test_too_many_attributes_are_not_read() -> None:
    """The element stays."""
    assert bounded("<p " + "a=1 " * 5_000 + ">hello") == "<p>hello"
