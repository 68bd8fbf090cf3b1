"""A page is walked for hidden text only where a style on it might hide some; what is not walked hides nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thresher.service.readers.mail.bodies import choose_version
from thresher.service.readers.mail.letter import BodyText
from thresher.service.readers.web.html_blocks import read_page
from thresher.service.readers.web.html_hiding import may_hide_text

_STATED = (
    "font-family:Calibri", "font-size:11.0pt", "font-size:12px !important", "font-size:1px", "font-size:.9em", "font:0 Arial",
    "font-size:1pt", "FONT-SIZE: 0", "font-size:small", "color:#1F497D", "color:white", "color:rgb(0,0,0,0)", "color:windowtext",
    "color:#fefefe", "background:white", "margin:0cm", "margin-left:36pt", "margin-left:-999em", "text-indent:-9999px",
    "display:inline", "display:none", "visibility:hidden", "height:0", "width:1px", "overflow:hidden", "opacity:0",
    "position:absolute", "left:-4000px", "clip:rect(0 0 0 0)", "clip-path:inset(100%)", "transform:scale(0)",
    "text-decoration:line-through", "vertical-align:super", "white-space:pre", "filter:opacity(0)", "content-visibility:hidden",
)  # fmt: skip
_ATTRIBUTES = ("", "", "", " hidden", " bgcolor=black", " color=white", " text=#fff", " href=x", " background=x.png")
_tag = st.tuples(
    st.sampled_from(("p", "div", "span", "a", "font", "sup", "td", "button")),
    st.lists(st.sampled_from(_STATED), max_size=4),
    st.sampled_from(_ATTRIBUTES),
)


@given(st.lists(_tag, max_size=4))
def test_a_page_that_hides_text_is_never_passed_over(tags: list[tuple[str, list[str], str]]) -> None:
    """Whatever styles are nested: text that the walk finds hidden is on a page of which that was suspected."""
    opened = "".join(f'<{tag} style="{";".join(styles)}"{more}>Account 7731 ' for tag, styles, more in tags)
    if read_page(opened).unseen:
        assert may_hide_text(opened)


@pytest.mark.parametrize("head", ["<style>p{margin:0}</style>", "<link rel=stylesheet href=x>", "<p hidden>x</p>"])
def test_sheets_and_attributes_are_suspected(head: str) -> None:
    """What a style sheet says is not looked into."""
    assert may_hide_text(f"{head}<p style='font-size:11pt'>a")


def test_plain_styles_hide_nothing() -> None:
    """What most mail programs write is not walked: fonts of a readable size, dark text, margins."""
    page = "<body style='word-wrap:break-word'><p style='font-family:Calibri;font-size:11pt;color:#1F497D;margin:0cm'>a"
    assert not may_hide_text(page)


def test_a_hidden_number_is_found_among_several_texts() -> None:
    """One text of the HTML version hides a number that the plain version has, and no other shows it."""
    plain = BodyText(kind="plain", text="See 7731004428")
    first = BodyText(kind="html", text="<p>See <span style='display:none'>7731004428</span></p>")
    second, shown = (BodyText(kind="html", text=f"<p>{text}") for text in ("below", "7731004428"))
    assert choose_version([[plain], [first, second]], []) == [first, second]
    assert choose_version([[plain], [first, shown]], []) == [plain]
