"""Read the metadata of an OOXML or ODF file: title, author, dates."""

from __future__ import annotations

from typing import Any

from thresher.service.readers.archives.zip_package import Package

_CORE = {
    "title": "title",
    "subject": "subject",
    "creator": "author",
    "keywords": "keywords",
    "description": "description",
    "lastModifiedBy": "last_modified_by",
    "created": "created",
    "modified": "modified",
    "category": "category",
}
_APP = {"Company": "company", "Manager": "manager", "Application": "application"}
_ODF = {
    "title": "title",
    "subject": "subject",
    "initial-creator": "author",
    "creator": "last_modified_by",
    "creation-date": "created",
    "date": "modified",
    "keyword": "keywords",
    "description": "description",
    "generator": "application",
}


def ooxml_facts(package: Package) -> dict[str, str]:
    """Return the core and extended properties of an OOXML file, as stated."""
    links = package.links("").values()
    core = next((link.target for link in links if link.type == "core-properties"), "docProps/core.xml")
    return _named(package.xml(core), _CORE) | _named(package.xml("docProps/app.xml"), _APP)


def odf_facts(package: Package) -> dict[str, str]:
    """Return the metadata of an ODF file, as stated."""
    return _named(package.xml("meta.xml"), _ODF)


def _named(root: Any | None, names: dict[str, str]) -> dict[str, str]:
    facts: dict[str, str] = {}
    for element in [] if root is None else root.iter("*"):
        name = names.get(element.tag.rsplit("}", 1)[-1])
        if name and (text := (element.text or "").strip()):
            facts.setdefault(name, text)
    return facts
