"""Choose among the alternatives of markup compatibility (ISO 29500-3), as the programs that show a file do.

A choice is shown where all namespaces that it requires are understood; else the fallback is.
"""

from __future__ import annotations

import re
from typing import Any

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_UNDERSTOOD = re.compile(  # the namespaces of Office since 2007, by program, year and subject
    r"http://schemas\.openxmlformats\.org/[\w/]+|urn:schemas-microsoft-com:(?:vml|office:(?:office|word|excel|powerpoint))"
    r"|http://schemas\.microsoft\.com/office/(?:"
    r"(?:2006|20\d\d/\d+)/[\w/]+|word/20\d\d/(?:wordml|wordprocessing(?:Shape|Group|Canvas|Ink|Drawing))(?:/\w+)*"
    r"|drawing/20\d\d(?:/\d+)*/(?:main|chart|chartex|chartDrawing|slicer|timeslicer|diagram|ink|model3d|picture|svg|\w*[cC]olor)(?:/\w+)*"
    r"|(?:powerpoint|thememl)/20\d\d(?:/\d+)*/(?:main|\w*designer|\w*[cC]omments?)"
    r"|(?:spreadsheetml|excel)/20\d\d(?:/\d+)*/(?:main|ac|\w+))"
)


def resolve_alternatives(tree: Any) -> None:
    """Replace each `mc:AlternateContent` beneath an element (lxml) by the content that is shown."""
    for alternatives in list(tree.iter(_MC + "AlternateContent")):
        parent = alternatives.getparent()
        if parent is not None:
            at = parent.index(alternatives)
            parent[at : at + 1] = list(_shown(alternatives))


def _shown(alternatives: Any) -> Any:
    """Return the first choice that is understood, else the fallback; a choice without any fallback is not lost."""
    choices = alternatives.findall(_MC + "Choice")
    fallback = alternatives.find(_MC + "Fallback")
    understood = next((choice for choice in choices if _is_understood(choice)), None)
    if understood is not None:
        return understood
    return fallback if fallback is not None and len(fallback) else next(iter(choices), ())


def _is_understood(choice: Any) -> bool:
    prefixes = choice.get("Requires", "").split()
    return all(_UNDERSTOOD.fullmatch(choice.nsmap.get(prefix) or "") for prefix in prefixes)
