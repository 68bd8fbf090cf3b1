"""Read expressions from plain descriptions of fields, so that no model need be asked.

"Sum of the column Units over all rows" names an operation and a column. Whether there is such a column becomes clear when
the expression is evaluated; any other description is left to the model.
"""

from __future__ import annotations

import re

from thresher.schemas.target import Field

_OVER = r"(?:all|the|every)\s+(?:the\s+)?(?:data\s+)?(?:rows?|lines?|records?|items?|entries|positions|table)|(?:all|every|each)\s+\w+"
_SAID = r"(?:\((?:computed|calculated|sum|count|average)\)|[,;]\s*(?:computed|calculated))"
_END = rf"(?:\s+(?:over|of|for|across|in)\s+(?:{_OVER}))?\s*{_SAID}?\s*\.?\s*$"
_NAME = r"(?:the\s+)?(?:column\s+)?[\"'“]?(?P<{0}>[^\W\d_][\w .%/#-]*?)[\"'”]?(?:\s+column)?"
_ALL = r"(?:over|of|for|across)\s+(?:all|the|every)\s+(?:data\s+)?(?:rows?|lines?|records?|items?|entries)"
_DAYS = r"(?:the\s+)?(?:number\s+of\s+)?(?:nights|days)\s+(?:between|from)\s+"
_FORMS: list[tuple[re.Pattern[str], str]] = [
    (re.compile(r"\s*(?:the\s+)?(?:number|count)\s+of\s+(?:all\s+)?(?:the\s+)?(?:data\s+)?(?:rows|records|lines|items|entries|positions)" + _END, re.IGNORECASE), "count()"),
    (re.compile(r"\s*(?:the\s+)?(?:sum|total)\s+" + _ALL + r"\s+of\s+" + _NAME.format("a") + r"\s+times\s+" + _NAME.format("b") + _END, re.IGNORECASE), "sum([{a}] * [{b}])"),
    (re.compile(r"\s*(?:the\s+)?(?:sum|total)\s+of\s+" + _NAME.format("a") + r"\s+times\s+" + _NAME.format("b") + _END, re.IGNORECASE), "sum([{a}] * [{b}])"),
    (re.compile(r"\s*(?:the\s+)?sum\s+of\s+" + _NAME.format("a") + _END, re.IGNORECASE), "sum([{a}])"),
    (re.compile(r"\s*(?:the\s+)?(?:average|mean)\s+(?:of\s+)?" + _NAME.format("a") + _END, re.IGNORECASE), "average([{a}])"),
    (re.compile(r"\s*(?:the\s+)?(?:highest|largest|maximum)\s+(?:of\s+)?" + _NAME.format("a") + _END, re.IGNORECASE), "maximum([{a}])"),
    (re.compile(r"\s*(?:the\s+)?(?:lowest|smallest|minimum)\s+(?:of\s+)?" + _NAME.format("a") + _END, re.IGNORECASE), "minimum([{a}])"),
    (re.compile(r"\s*" + _DAYS + _NAME.format("a") + r"\s+(?:and|to|until)\s+" + _NAME.format("b") + _END, re.IGNORECASE), "[{b}] - [{a}]"),
    (
        re.compile(r"\s*(?:share\s+of\s+)?(?:rows|records|lines|items|entries)\s+(?:whose|in which)\s+" + _NAME.format("a") + r"\s+is\s+[\"'“]?(?P<b>\w[\w -]*?)[\"'”]?,?\s+(?:in percent|as a percentage|in %)\s+of\s+all\s+(?:rows|records|lines|items|entries)" + _END, re.IGNORECASE),
        "100 * count(where [{a}] = '{b}') / count()",
    ),
    (
        re.compile(r"\s*(?:the\s+)?(?:number|count)\s+of\s+(?:rows|records|lines|items|entries)\s+(?:whose|in which)\s+" + _NAME.format("a") + r"\s+is\s+[\"'“]?(?P<b>\w[\w -]*?)[\"'”]?" + _END, re.IGNORECASE),
        "count(where [{a}] = '{b}')",
    ),
]  # fmt: skip


def described_expression(field: Field) -> str:
    """Return the expression that a derived field's description states; "" where it has none of the known forms.

    >>> described_expression(Field(path="/n", kind="number", description="Average of the column Units over all rows (computed)"))
    'average([Units])'
    """
    for form, expression in _FORMS:
        found = form.match(field.description)
        if found:
            return expression.format(**{k: v.strip() for k, v in found.groupdict().items()})
    return ""
