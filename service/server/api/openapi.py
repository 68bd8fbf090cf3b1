"""Complete the OpenAPI that FastAPI makes, so that a client generated from it gets every Result and every Problem typed.

FastAPI gives all answers of a route one media type, names a generic model by its parameters, and knows no codes.
"""

from __future__ import annotations

import asyncio
import json
from functools import cache
from typing import Any

from fastapi import FastAPI, Response

from thresher.schemas.errors import CODES, FACTS
from thresher.service.server.api.problems import MEDIA_TYPE, STATUSES

PROBLEM_STATUSES = ("4XX", "5XX")
MODELS_WITH_CODES = ("ProblemBody", "Note")
GENERATED_RESULT, RESULT = "Result_Any_", "Result"  # component names: as pydantic makes it, and as it is published
CODE_SCHEMA: dict[str, Any] = {
    "title": "ProblemCode",
    "type": "string",
    "description": "The stable codes of this version. A newer service may send others.",
    "enum": sorted(CODES),
    "x-enum-descriptions": [FACTS[code].remedy for code in sorted(CODES)],
    "x-http-statuses": [STATUSES[code] for code in sorted(CODES)],
}


class TypedApi(FastAPI):
    """An application whose OpenAPI is complete."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document; it is made once."""
        if self.openapi_schema is None:
            self.openapi_schema = completed(super().openapi())
        return self.openapi_schema

    def setup(self) -> None:
        """Add the route of the document, as bytes that all requests share: anybody may ask for it, and read it slowly.

        It is made when it is first asked for, in a thread: half a second.
        """
        making = asyncio.Lock()

        @cache
        def document() -> bytes:
            return json.dumps(self.openapi(), ensure_ascii=False, separators=(",", ":")).encode()

        async def contract() -> Response:
            async with making:
                body = await asyncio.to_thread(document)
            return Response(body, media_type="application/json")

        self.add_api_route("/openapi.json", contract, include_in_schema=False)


def completed(contract: dict[str, Any]) -> dict[str, Any]:
    """Return an OpenAPI document with Problems under their own media type, named codes and a plainly named Result."""
    schemas = contract["components"]["schemas"]
    for operations in contract["paths"].values():
        for operation in operations.values():
            _type_problems(operation["responses"])
            _name_body(operation.get("requestBody", {}), schemas)
    schemas["ProblemCode"] = CODE_SCHEMA
    for name in MODELS_WITH_CODES:
        known = {"anyOf": [{"$ref": "#/components/schemas/ProblemCode"}, {"type": "string"}]}
        schemas[name]["properties"]["code"] = {"title": "Code", **known}
    renamed: dict[str, Any] = json.loads(json.dumps(contract).replace(GENERATED_RESULT, RESULT))
    renamed["components"]["schemas"][RESULT]["title"] = RESULT
    return renamed


def _name_body(body: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Move the schema of a body, where it has a title, and those that it names to the named ones."""
    for held in body.get("content", {}).values():
        schemas |= held["schema"].pop("$defs", {})
        if name := held["schema"].get("title"):
            schemas[name] = held["schema"]
            held["schema"] = {"$ref": f"#/components/schemas/{name}"}


def _type_problems(responses: dict[str, Any]) -> None:
    """Put the Problems of one operation under the media type that they are sent with."""
    for status in PROBLEM_STATUSES:
        if status in responses:
            responses[status]["content"] = {MEDIA_TYPE: next(iter(responses[status]["content"].values()))}
