"""Show pages as pictures with the evidence framed, and texts with it marked."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field

from thresher.service.exports.report.evidence_places import Page, Place
from thresher.service.exports.report.html_text import isolated, shown

CONTEXT_CHARS = 200  # shown before and after a marked passage
FRAME_POINTS = 1.5  # around a box
TIERS = ((1.5, 65), (1.25, 55), (1.0, 45), (0.8, 35), (0.6, 25))
"""Pixels a point and WebP quality, best first: about 70, 45, 27, 16 and 9 KB for a page of text."""
SCALE = TIERS[0][0]
LEAST_BYTES = 9_000  # of a page's picture: below, fewer pages are shown


@dataclass(slots=True)
class PictureBudget:
    """Bytes that pictures may still take in the file, and the pages that get one."""

    left: int  # bytes of HTML
    wanted: int  # pages still to come
    chosen: set[tuple[int, Page]] = field(default_factory=set)  # with the number of their document
    shown: int = 0
    coarser: int = 0  # shown, but not at the best tier
    dropped: int = 0

    def encode(self, drawn: bytes) -> tuple[bytes, tuple[int, int]] | None:
        """Return a picture as WebP within its share, with its size in pixels at SCALE; None where no room is left."""
        from PIL import Image  # noqa: PLC0415 - Pillow loads when first needed

        share = self.left * 3 // 4 // max(self.wanted, 1)
        self.wanted -= 1
        with Image.open(io.BytesIO(drawn)) as opened:
            image = opened.convert("L" if opened.mode == "L" else "RGB")
        made, tier = b"", 0
        for tier, (scale, quality) in enumerate(TIERS):  # noqa: B007 - told after the loop
            stream, times = io.BytesIO(), scale / SCALE
            size = max(round(image.width * times), 1), max(round(image.height * times), 1)
            (image if times == 1 else image.resize(size)).save(stream, "WEBP", quality=quality, method=3)
            made = stream.getvalue()
            if len(made) <= share:
                break
        if len(made) * 4 // 3 > self.left:
            self.dropped += 1
            return None
        self.left -= len(made) * 4 // 3
        self.shown, self.coarser = self.shown + 1, self.coarser + (tier > 0)
        return made, image.size


def page_figure(picture: tuple[bytes, tuple[int, int]], page: Page, places: list[Place], label: str) -> str:
    """Return a page as a figure whose frames link to their values."""
    data, (width, height) = picture
    w, h = width / SCALE, height / SCALE
    frames = "".join(_frame(place, page[1]) for place in places)
    source = base64.b64encode(data).decode()
    return (
        f'<figure><figcaption>{isolated(label)}</figcaption><svg viewBox="0 0 {w:.1f} {h:.1f}" role="group" '
        f'aria-label="{shown(label)}"><image width="{w:.1f}" height="{h:.1f}" preserveAspectRatio="none" '
        f'href="data:image/webp;base64,{source}"/>{frames}</svg></figure>\n'
    )


def _frame(place: Place, page: int) -> str:
    boxes = [box for at, boxes in place.framed if at == page for box in boxes]
    rects = "".join(
        f'<rect x="{x0 - FRAME_POINTS:.1f}" y="{y0 - FRAME_POINTS:.1f}" width="{x1 - x0 + 2 * FRAME_POINTS:.1f}" '
        f'height="{y1 - y0 + 2 * FRAME_POINTS:.1f}"/>'
        for x0, y0, x1, y1 in boxes
    )
    name = shown(f"{place.evidence.path}: {place.evidence.quote}")
    kind = "doubtful" if place.doubtful else "found"
    first = place.framed[0][0] == page  # a quote over a page break has one id
    return (
        f'<a {f"""id="e{place.id}" """ if first else ""}class="{kind}" href="#v{place.id}" aria-label="{name}">'
        f"<title>{name}</title>{rects}</a>"
    )


def text_passages(text: str, places: list[Place]) -> str:
    """Return the passages of a text around its places, each place marked; "" where the text is not that of the places."""
    right = [p for p in places if text[p.evidence.start or 0 : p.evidence.end] == p.evidence.quote]
    parts, begin = [], 0
    while begin < len(right):
        end = begin + 1
        while end < len(right) and (right[end].evidence.start or 0) <= _end(right[begin:end]) + 2 * CONTEXT_CHARS:
            end += 1
        parts.append(_passage(text, right[begin:end]))
        begin = end
    return "".join(f'<p class="passage">{p}</p>\n' for p in parts)


def _end(places: list[Place]) -> int:
    return max(p.evidence.end or 0 for p in places)


def _passage(text: str, places: list[Place]) -> str:
    """Return one passage. Places that overlap share a mark: the ids of the later ones stand before it."""
    first, last = max((places[0].evidence.start or 0) - CONTEXT_CHARS, 0), min(_end(places) + CONTEXT_CHARS, len(text))
    made, at = ["… " if first else ""], first
    for place in places:
        start, end = place.evidence.start or 0, place.evidence.end or 0
        kind = "doubtful" if place.doubtful else "found"
        if start < at:
            made.append(f'<span id="e{place.id}"></span>')
        made.append(shown(text[at : max(start, at)]))
        if end > at:
            made.append(f'<mark id="e{place.id}" class="{kind}">' if start >= at else f'<mark class="{kind}">')
            made.append(f"{shown(text[max(start, at) : end])}</mark>")
            at = end
    return "".join([*made, shown(text[at:last]), " …" if last < len(text) else ""])
