"""Find text boxes and pictures of a Word page that are off the page or hidden."""

from __future__ import annotations

import re
from typing import Any

_INCH_EMU = 914_400  # English metric units in an inch
_MARGIN_EMU = 3 * _INCH_EMU  # positions count from a margin or column: at most so much of the page is before it
_PAGE_EMU = 30 * _INCH_EMU  # about the widest paper of any printer
_VML = re.compile(r"(?:^|;)\s*(?:margin-)?(?:left|top)\s*:\s*(-?[\d.]+)(pt|in|cm|mm)?", re.IGNORECASE)
_POINTS = {"pt": 1.0, "in": 72.0, "cm": 28.35, "mm": 2.835}


def hidden_box_reason(content: Any) -> str:
    """Return why the text box with a `w:txbxContent`, or the picture with an `a:blip`, is not visible; empty where it may be."""
    for holder in content.iterancestors():
        name = holder.tag.rpartition("}")[2] if isinstance(holder.tag, str) else ""
        if name in {"anchor", "inline"}:
            named = next(holder.iterchildren("{*}docPr"), None)
            if named is not None and named.get("hidden") in {"1", "true"}:
                return "hidden shape"
            return "off the page" if _is_off_page(holder) else ""
        if name in {"shape", "rect"} and holder.get("style"):
            style = holder.get("style")
            if re.search(r"visibility\s*:\s*hidden", style, re.IGNORECASE):
                return "hidden shape"
            lengths = [float(n) * _POINTS.get((u or "pt").lower(), 1.0) for n, u in _VML.findall(style)]
            return "off the page" if any(abs(length) > _PAGE_EMU / 12_700 for length in lengths) else ""
        if name == "p":
            return ""
    return ""


def hidden_frame_reason(paragraph: Any) -> str:
    """Return why a paragraph in a frame of its own (`w:framePr`) is not visible; empty where it may be."""
    frame = paragraph.find("{*}pPr/{*}framePr")
    if frame is None:
        return ""
    stated = {name.rpartition("}")[2]: value for name, value in frame.attrib.items()}
    for place, size, anchor in (("x", "w", "hAnchor"), ("y", "h", "vAnchor")):
        at, length = (_twips(stated.get(name, "0")) for name in (place, size))
        before = 0 if stated.get(anchor) == "page" and length else _MARGIN_EMU
        if at + length <= -before or at >= _PAGE_EMU:
            return "off the page" if at else ""
    return ""


def _twips(length: str) -> int:
    """Return a length in English metric units; 0 for none."""
    return int(length) * (_INCH_EMU // 1440) if re.fullmatch(r"-?\d{1,9}", length) else 0


def is_own_picture(image: Any) -> bool:
    """Whether an `a:blip` or `v:imagedata` is no preview of an embedded file, and not cropped by VML."""
    if next(image.iterancestors("{*}object"), None) is not None:
        return False
    return not any(value.strip("-0.f%") for name, value in image.attrib.items() if name.startswith("crop"))


def _is_off_page(anchor: Any) -> bool:
    extent = next(anchor.iterchildren("{*}extent"), None)
    for name, side in (("positionH", "cx"), ("positionV", "cy")):
        position = next(anchor.iterchildren(f"{{*}}{name}"), None)
        offset = None if position is None else position.findtext("{*}posOffset")
        if position is None or not offset or not offset.lstrip("-").isdecimal():
            continue
        size = extent.get(side, "0") if extent is not None else "0"
        before = 0 if position.get("relativeFrom") == "page" else _MARGIN_EMU
        if int(offset) + (int(size) if size.isdecimal() else 0) <= -before or int(offset) >= _PAGE_EMU:
            return True
    return False
