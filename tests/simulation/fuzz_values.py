"""What the OpenAPI can not say of an upload's fields: targets that are almost JSON Schemas, policies that are almost Policies."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tests.journey.serving import TARGET
from thresher.schemas.policy import Policy, ReadOptions

WORDS = (
    "type",
    "properties",
    "items",
    "required",
    "enum",
    "const",
    "pattern",
    "format",
    "$ref",
    "$defs",
    "anyOf",
    "oneOf",
    "allOf",
    "not",
    "if",
    "then",
    "else",
    "title",
    "description",
    "default",
    "additionalProperties",
    "patternProperties",
    "prefixItems",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "multipleOf",
    "uniqueItems",
    "dependentRequired",
    "contains",
    "propertyNames",
    "unevaluatedProperties",
    "$id",
    "$anchor",
    "$dynamicRef",
    "x-aliases",
    "key",
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        [
            "string",
            "number",
            "object",
            "array",
            "null",
            "integer",
            "boolean",
            "date",
            "#",
            "#/$defs/a",
            "#/properties/a",
        ]
    ),
    st.sampled_from(["(a+)+$", "^a{2}$", "(", "[", "x" * 600, "(?=a)*", r"\p{L}", "a" * 5 + "{1,9999999}"]),
)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*WORDS, "a", "b", "", "~/"]), inner, max_size=5)
    ),
    max_leaves=30,
)
OBJECT = {"type": "object", "properties": {"a": {"type": "string"}}}
SCHEMAS: st.SearchStrategy[Any] = st.one_of(
    JSON,
    st.dictionaries(st.sampled_from(WORDS), JSON, max_size=6),
    st.dictionaries(st.sampled_from(WORDS), JSON, max_size=4).map(lambda d: {**OBJECT, **d}),
    st.dictionaries(st.sampled_from(WORDS), JSON, max_size=4).map(lambda d: {"type": "object", "properties": {"a": d}}),
)
TARGETS = st.one_of(
    st.sampled_from(["invoice", "owners-order", "nothing", "a.py:A", "os:path", "../a.json", "", TARGET]),
    SCHEMAS.map(json.dumps),
)
POLICIES = st.one_of(
    st.just(""),
    JSON.map(json.dumps),
    st.dictionaries(st.sampled_from(sorted(Policy.model_fields)), JSON, max_size=3).map(json.dumps),
    st.dictionaries(st.sampled_from(sorted(ReadOptions.model_fields)), JSON, max_size=3).map(
        lambda d: json.dumps({"read": d})
    ),
)
WEBHOOKS = st.one_of(
    st.just(None),
    st.text(max_size=20),
    st.sampled_from(
        [
            "http://127.0.0.1:1/x",
            "https://[::1]/",
            "http://[",
            "ftp://a",
            "http://a:99999/",
            "http://a@b/",
            "//x",
            "http://\u2460",
        ]
    ),
)


@st.composite
def fields(draw: st.DrawFn) -> dict[str, Any]:
    """Fields of an upload, each of them wrong in its own way or not at all."""
    made: dict[str, Any] = {"target": draw(TARGETS), "policy": draw(POLICIES), "webhook": draw(WEBHOOKS)}
    made["priority"] = draw(st.sampled_from([None, 0, 9, -10, "x", "\u0663", "9" * 5000]))
    return {name: value for name, value in made.items() if value not in {None, ""}}
