"""The OpenAPI document of a service, complete enough for the linter of the NL API Design Rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from shared.web.idempotency import HEADER, HOURS, REPLAYED
from shared.web.problems import MEDIA_TYPE

BASE_PATH = "/v1"
METHODS = ("get", "put", "post", "patch", "delete")
CONTACT = {
    "name": "Schuldhulpprojecten",
    "url": "https://schuldhulpprojecten.nl",
    "email": "techniek@schuldhulpprojecten.nl",
}
LICENSE = {"name": "EUPL-1.2", "identifier": "EUPL-1.2"}
DESCRIPTION = f"""\
Every answer carries `API-Version`. Whatever goes wrong is told as a problem (RFC 9457) with all faults at once; a field or
query parameter that is not known is a fault as well.

Every change needs an `Idempotency-Key`; the answer to one that succeeded is kept for {HOURS} hours and given again to whoever
asks the same again. PUT, PATCH and DELETE also need `If-Match` with the ETag that was seen. Lists come in pages: follow `next`
or the Link header. Instants are UTC, dates are of Europe/Amsterdam, amounts are whole euros.
"""

FAULT = {
    "type": "object",
    "required": ["field", "message"],
    "properties": {
        "field": {
            "type": "string",
            "description": "The place in what was sent.",
            "examples": ["fundingPlan.budgetEuro"],
        },
        "message": {"type": "string", "description": "What to do, in Dutch."},
    },
}
PROBLEM = {
    "type": "object",
    "description": "RFC 9457.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "Which problem this is; stays the same."},
        "title": {"type": "string", "description": "The same for every problem of this type, in Dutch."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened this time and what to do, in Dutch."},
        "instance": {"type": "string", "format": "uri-reference"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}},
        "reference": {"type": "string", "description": "Where we find it in our log."},
    },
}
HEADERS = {
    "API-Version": "The full version of this API.",
    "Allow": "The methods that this address takes.",
    "ETag": "The revision, for If-Match; or which content this is, for If-None-Match.",
    "Link": "The next page (RFC 8288).",
    "Retry-After": "After how many seconds to try again.",
    "WWW-Authenticate": "How to authenticate.",
    REPLAYED: "Set to `true` when this answer was given before.",
}
REFUSALS = {
    "400": "What was sent is not right; `errors` names everything.",
    "401": "There is no token, or it does not hold.",
    "403": "This is for another role.",
    "404": "It does not exist, or not for you.",
    "409": "It cannot be done in the state in which things are now.",
    "412": "Somebody else has changed it since.",
    "413": "What was sent is too large.",
    "415": "What was sent is not JSON.",
    "422": "The Idempotency-Key was used for something else.",
    "428": "If-Match is missing.",
    "429": "There is too much at the moment.",
    "500": "Something went wrong on our side.",
    "503": "It cannot be done at the moment.",
}
REFUSAL_HEADERS = {"401": "WWW-Authenticate", "429": "Retry-After", "503": "Retry-After"}


def openapi_document(app: FastAPI, public_path: str = "") -> dict[str, Any]:
    """The document that `/v1/openapi.json` serves, and that stands in docs/openapi/.

    `public_path` is where a proxy puts the service ("/matching").
    """
    document: dict[str, Any] = get_openapi(
        title=app.title,
        version=app.version,
        description=DESCRIPTION,
        routes=app.routes,
        servers=[{"url": public_path + BASE_PATH}],
    )
    document["info"] |= {"contact": CONTACT, "license": LICENSE}
    document = _named_by_title(document)
    paths = document["paths"]
    document["paths"] = {
        path.removeprefix(BASE_PATH): paths[path] for path in sorted(paths) if path.startswith(BASE_PATH + "/")
    }
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for operation, path, method in _operations(document["paths"]):
        _complete(operation, schemas, path, method)
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    document["components"]["schemas"] = dict(sorted({**_plain(schemas), "Fault": FAULT, "Problem": PROBLEM}.items()))
    document["components"]["headers"] = {
        name: {"description": text, "schema": {"type": "string"}} for name, text in HEADERS.items()
    }
    document["components"]["responses"] = {f"Problem{status}": _refusal(status) for status in REFUSALS}
    return document


def _named_by_title(document: dict[str, Any]) -> dict[str, Any]:
    """Calls each schema as its class is called: pydantic calls a generic one "Page_ProjectResult_"."""
    schemas = document.get("components", {}).get("schemas", {})
    names = {name: schema["title"] for name, schema in schemas.items() if schema.get("title") not in (None, *schemas)}
    text = json.dumps(document)
    for name, title in names.items():
        if list(names.values()).count(title) == 1:
            text = text.replace(f'"{name}": {{', f'"{title}": {{').replace(f'/schemas/{name}"', f'/schemas/{title}"')
    renamed: dict[str, Any] = json.loads(text)
    return renamed


def _operations(paths: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str, str]]:
    for path, item in paths.items():
        for method in METHODS:
            if method in item:
                yield item[method], path, method


def _complete(operation: dict[str, Any], schemas: dict[str, Any], path: str, method: str) -> None:
    """Adds the headers of what succeeds, and every problem that may come instead; a route may name more of those itself."""
    responses: dict[str, Any] = operation["responses"]
    responses.pop("422", None)
    own, taken = [status for status in responses if status in REFUSALS], _taken(operation)
    more = [name for name, sent in ((REPLAYED, HEADER), ("ETag", "If-None-Match")) if sent in taken]
    for response in responses.values():
        names = ["API-Version", *_headers_of(response, schemas), *more]
        response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    for status in sorted({*own, *_refusals_of(operation, path, method)}):
        responses[status] = {"$ref": f"#/components/responses/Problem{status}"}
    if "parameters" in operation:
        operation["parameters"] = _plain(operation["parameters"])


def _headers_of(response: dict[str, Any], schemas: dict[str, Any]) -> Iterator[str]:
    reference = response.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
    properties = schemas.get(reference.rpartition("/")[2], {}).get("properties", {})
    if "revision" in properties:
        yield "ETag"
    if properties.keys() >= {"items", "next"}:
        yield "Link"


def _taken(operation: dict[str, Any]) -> set[str]:
    """The headers that it takes."""
    return {parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "header"}


def _refusals_of(operation: dict[str, Any], path: str, method: str) -> list[str]:
    headers = _taken(operation)
    security = operation.get("security", ())
    may = {
        "400": True,
        "401": bool(security),
        "403": any(roles for requirement in security for roles in requirement.values()),
        "404": "{" in path,
        "409": method != "get",
        "412": "If-Match" in headers,
        "413": "requestBody" in operation,
        "415": "requestBody" in operation,
        "422": HEADER in headers,
        "428": "If-Match" in headers,
        "500": True,
        "503": True,
    }
    return [status for status, possible in may.items() if possible]


def _refusal(status: str) -> dict[str, Any]:
    names = ["API-Version", *([REFUSAL_HEADERS[status]] if status in REFUSAL_HEADERS else [])]
    return {
        "description": REFUSALS[status],
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _plain(schema: Any) -> Any:  # noqa: ANN401 - any JSON
    """Says "a date or null" in one type, so that its format stands where linters look, and drops pydantic's titles."""
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _plain(part) for name, part in schema.items() if name != "title" or not isinstance(part, str)}
    options = plain.get("anyOf", [])
    if len(options) == 2 and options[1] == {"type": "null"} and isinstance(options[0].get("type"), str):
        del plain["anyOf"]
        plain = {**options[0], "type": [options[0]["type"], "null"], **plain}
        if "enum" in plain:
            plain["enum"] = [*plain["enum"], None]
    return plain
