"""Fill the content controls of a Word file from the data that they show, as Word does when it opens the file.

    w:sdt  dataBinding xpath="/bill/total", storeItemID={1111…}  ->  customXml/item1.xml, whose itemProps1.xml has that id

The text within such a control is what it showed when it was saved. Where the data say something else, that is read,
with a Note.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from thresher.service.readers.archives.zip_package import Package

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DS = "{http://schemas.openxmlformats.org/officeDocument/2006/customXml}"
_PROPERTIES = {  # stores that every file has
    "{6C3C8BC8-F283-45AE-878A-BAB7291924A1}": "docProps/core.xml",
    "{6668398D-A668-4E3E-A5EB-62B293D839F1}": "docProps/app.xml",
}
_STEP = r"/(?:[\w.-]+:)?[\w.-]+(?:\[\d{1,6}\])?"
_PATH = re.compile(rf"(?:{_STEP}){{1,40}}(?:/@(?:[\w.-]+:)?[\w.-]+|/text\(\))?")  # other expressions are not evaluated
_PREFIX = re.compile(r"xmlns:([\w.-]+)=['\"]([^'\"]*)['\"]")
_SHOWN_CHARS = 60  # of a text in a Note


def fill_controls(body: Any, package: Package, main: str) -> None:
    """Replace the text of bound plain text controls beneath an element where the data differ from it."""
    bound = [one for one in body.iter(W + "dataBinding") if one.getparent().find(W + "text") is not None]
    stores = _stores(package, main) if bound else {}
    for binding in bound:
        content = binding.getparent().getparent().find(W + "sdtContent")
        texts = [] if content is None else list(content.iter(W + "t"))
        value = _value(binding, stores)
        said = "".join(one.text or "" for one in texts)
        if texts and value and "".join(value.split()) != "".join(said.split()):
            package.flag("versions_differ", f"{said[:_SHOWN_CHARS]} in a content control, {value[:_SHOWN_CHARS]} in its data")
            for one in texts:
                one.text = ""
            texts[0].text = value


def _stores(package: Package, main: str) -> dict[str, Any]:
    """Return the roots of the data parts by their id."""
    found = {key: root for key, name in _PROPERTIES.items() if (root := package.xml(name)) is not None}
    for link in package.links(main).values():
        if link.type == "customXml" and not link.external:
            for props in package.links(link.target).values():
                item = package.xml(props.target) if props.type == "customXmlProps" and not props.external else None
                data = package.xml(link.target) if item is not None else None
                if item is not None and data is not None:
                    found[item.get(_DS + "itemID", "").upper()] = data
    return found


def _value(binding: Any, stores: dict[str, Any]) -> str:
    """Return what the data of a binding say; empty where they say nothing, or cannot be found by a plain path."""
    root, path = stores.get(binding.get(W + "storeItemID", "").upper()), binding.get(W + "xpath", "")
    if root is None or not _PATH.fullmatch(path):
        return ""
    prefixes = dict(_PREFIX.findall(binding.get(W + "prefixMappings", "")))
    try:
        found = root.getroottree().xpath(path, namespaces=prefixes)
    except etree.XPathError:
        return ""
    first = next(iter(found), "") if isinstance(found, list) else ""
    return first if isinstance(first, str) else "".join(first.itertext())
