"""Read check boxes and radio buttons on the sheets of a workbook: their state before their label."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from thresher.service.readers.archives.zip_package import Package
from thresher.service.readers.text_marks import CHOSEN, OPEN, TICKED, UNCHOSEN

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_MARKS = {"CheckBox": (OPEN, TICKED), "Checkbox": (OPEN, TICKED), "Radio": (UNCHOSEN, CHOSEN)}
_SHAPE = re.compile(r"_s(\d+)\Z")


def control_marks(package: Package, part: str, controls: dict[int, str]) -> dict[int, str]:
    """Return the mark of each box by the number of its shape; `controls` are relationships by that number."""
    links = package.links(part)
    found: dict[int, str] = {}
    for shape, key in controls.items():
        root = package.xml(links[key].target) if key in links else None
        if root is not None and (pair := _MARKS.get(root.get("objectType", ""))):
            found[shape] = pair[root.get("checked", "") == "Checked"]
    return found


def drawing_text(root: Any, marks: dict[int, str]) -> str:
    """Return the texts of a sheet's drawing, one a line, with marks before labels.

    Marks that were used are removed from `marks`.
    """
    lines = []
    for paragraph in root.iter(_A + "p"):
        text = "".join(t.text or "" for t in paragraph.iter(_A + "t")).strip()
        shape = next((s for s in paragraph.iterancestors() if s.tag.endswith("}sp")), None)
        named = None if shape is None else next(shape.iter("{*}cNvPr"), None)
        number = "" if named is None else named.get("id", "")
        mark = marks.pop(int(number), "") if text and number.isdecimal() else ""
        lines.append(f"{mark} {text}".strip())
    return "\n".join(filter(None, lines))


def vml_boxes(data: bytes, marks: dict[int, str]) -> list[str]:
    """Return boxes of an old drawing (VML) that no newer drawing labels; those without a label are left out."""
    try:
        root = etree.fromstring(data, etree.XMLParser(recover=True, resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return []
    lines = []
    for shape in () if root is None else root.iter("{urn:schemas-microsoft-com:vml}shape"):
        client = next(shape.iter("{*}ClientData"), None)
        pair = None if client is None else _MARKS.get(client.get("ObjectType", ""))
        match = _SHAPE.search(shape.get("id", "") or shape.get("{urn:schemas-microsoft-com:office:office}spid", ""))
        if client is None or pair is None:
            continue
        label = " ".join("".join(t for box in shape.iter("{*}textbox") for t in box.itertext()).split())
        checked = (client.findtext("{*}Checked") or "0").strip() == "1"
        mark = marks.pop(int(match[1]), pair[checked]) if match else pair[checked]
        lines += [f"{mark} {label}"] if label else []
    return lines
