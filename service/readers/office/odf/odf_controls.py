"""Read the controls of forms in OpenDocument files: check boxes, radio buttons, fields and lists, as they are shown."""

from __future__ import annotations

from typing import Any

from thresher.service.readers.text_marks import CHOSEN, OPEN, TICKED, UNCHOSEN

_FORM = "{urn:oasis:names:tc:opendocument:xmlns:form:1.0}"
_XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
_HIDDEN = frozenset(("hidden", "form", "properties", "grid", "column", "option", "item", "password"))


def control_texts(root: Any | None) -> dict[str, str]:
    """Return the text of each control by its id: a mark before the label of a box, the value of a field."""
    found: dict[str, str] = {}
    for control in [] if root is None else root.iter(f"{_FORM}*"):
        name = control.tag.rpartition("}")[2]
        if name not in _HIDDEN and (text := _text(control, name)):
            found |= {key: text for key in (control.get(_XML_ID), control.get(_FORM + "id")) if key}
    return found


def _text(control: Any, name: str) -> str:
    label = str(control.get(_FORM + "label", "")).replace("~", "")
    if name == "checkbox":
        return f"{TICKED if _now(control, 'state') == 'checked' else OPEN} {label}".strip()
    if name == "radio":
        return f"{CHOSEN if _now(control, 'selected') == 'true' else UNCHOSEN} {label}".strip()
    if name == "listbox":
        chosen = (o for o in control.iter(_FORM + "option") if _now(o, "selected") == "true")
        return ", ".join(str(o.get(_FORM + "label", "")) for o in chosen)
    value = _now(control, "value")
    if name == "textarea" and not value:
        value = "\n".join("".join(p.itertext()) for p in control)
    return (value or label).strip()


def _now(control: Any, name: str) -> str:
    """Return a property as it was set last; where it was not set, as it is at first."""
    return str(control.get(f"{_FORM}current-{name}", control.get(_FORM + name, "")))
