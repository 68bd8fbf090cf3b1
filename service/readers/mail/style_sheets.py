"""Put the style sheets of a saved page (MHTML, RFC 2557) where the page links them, so that what they hide is known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html import escape, unescape

from thresher.service.readers.mail.letter import BodyText
from thresher.service.readers.mail.mime import Part

_LINK = re.compile(r"<link\b[^>]{1,2000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\b(href|rel|media)\s{0,9}=\s{0,9}("[^"]*"|'[^']*'|[^\s>"']+)""", re.IGNORECASE)


def style_sheets(parts: Sequence[Part]) -> dict[str, Part]:
    """Return the style sheets among the parts of a page, by the address with which the page may link each."""
    sheets: dict[str, Part] = {}
    for part in parts:
        if part.media_type == "text/css":
            cid = part.headers.get("content-id").strip("<> ")
            address = f"cid:{cid}" if cid else part.headers.get("content-location")
            sheets[address if address and address not in sheets else f"part {part.number}"] = part
    return sheets


def styled(body: BodyText, sheets: dict[str, Part]) -> BodyText:
    """Return an HTML body with the style sheets that it links in place of the links, and take these from `sheets`."""

    def sheet(link: re.Match[str]) -> str:
        said = {name.lower(): unescape(value.strip("\"'")) for name, value in _ATTRIBUTE.findall(link[0])}
        part = sheets.pop(said.get("href", ""), None) if "stylesheet" in said.get("rel", "").lower() else None
        if part is None:
            return link[0]
        css = part.content()[0].decode("utf-8", "replace").replace("</", "<\\/")
        return f'<style media="{escape(said.get("media", ""))}">{css}</style>'

    return replace(body, text=_LINK.sub(sheet, body.text)) if sheets and body.kind == "html" else body
