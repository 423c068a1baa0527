"""An OpenAPI document as a page that people read: every route with who may use it, what it takes and what it answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from deploy.site.markup import slug
from shared.contracts.field_types import field_type
from shared.contracts.markdown import listed, table

Document: TypeAlias = Mapping[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")


def openapi_page(document: Document, service: str) -> str:
    """The whole page, in Markdown. `service` is the name of the document's file."""
    info, base = document["info"], document["servers"][0]["url"]
    routes = [_Route(document, base, path, method) for path, method in _routes(document)]
    tags = list(dict.fromkeys(route.tag for route in routes))
    return "\n".join(
        [
            f"# {service}: {info['title']}\n\n{info['description']}",
            f"Version {info['version']}, as a document: [{service}.json]({service}.json).\n",
            f"Behind the platform's proxy every address begins with `/{service}`.\n",
            "## All routes\n\n" + table(("route", "for whom", "what it does"), (route.row for route in routes)),
            *(
                f"## {tag}: routes\n\n" + "\n".join(route.section for route in routes if route.tag == tag)
                for tag in tags
            ),
            "## Schemas\n",
            *(_schema(name, schema) for name, schema in document["components"]["schemas"].items()),
        ]
    )


def _routes(document: Document) -> Iterator[tuple[str, str]]:
    for path, methods in document["paths"].items():
        yield from ((path, method) for method in METHODS if method in methods)


class _Route:
    """One operation: a method of a path."""

    def __init__(self, document: Document, base: str, path: str, method: str) -> None:
        self.document = document
        self.operation: Document = document["paths"][path][method]
        self.name = f"{method.upper()} {base}{path}"
        self.tag: str = self.operation.get("tags", ["Other"])[0]

    @property
    def row(self) -> tuple[str, str, str]:
        """In the table of all routes."""
        summary = self.operation.get("description", "").partition("\n")[0]
        return f"[{self.name}](#{slug(self.name)})", self.for_whom, summary

    @property
    def for_whom(self) -> str:
        """The roles that may use it."""
        security = self.operation.get("security", [{}])
        roles = [role for one in security for role in one.get("bearer", ())]
        return "everybody" if {} in security else ", ".join(roles) or "who is logged in"

    @property
    def section(self) -> str:
        """Everything about it."""
        parts = [f"### {self.name}\n\n{self.operation.get('description', '')}\n\n{listed([('for', self.for_whom)])}"]
        if parameters := self.operation.get("parameters"):
            parts.append(table(("parameter", "in", "type", "presence", "meaning"), map(_parameter, parameters)))
        if body := self.operation.get("requestBody"):
            parts.append(f"Takes:\n\n{listed(_contents(body))}")
        parts.append(table(("answer", "meaning", "content"), self._answers()))
        return "\n".join(parts)

    def _answers(self) -> Iterator[tuple[str, str, str]]:
        for status, answer in self.operation["responses"].items():
            found = self.document["components"]["responses"][_last(answer["$ref"])] if "$ref" in answer else answer
            contents = ", ".join(f"{kind}: {words}" for kind, words in _contents(found))
            yield status, found["description"], contents or "nothing"


def _contents(holder: Document) -> Iterator[tuple[str, str]]:
    for kind, content in holder.get("content", {}).items():
        yield kind, field_type("", content.get("schema", {}))


def _parameter(parameter: Document) -> tuple[str, ...]:
    schema = parameter["schema"]
    name, required = parameter["name"], parameter.get("required", False)
    meaning = parameter.get("description", "")
    return f"`{name}`", parameter["in"], field_type(name, schema), _presence(required, schema), meaning


def _schema(name: str, schema: Document) -> str:
    parts = [f"### {name}\n"]
    if "description" in schema:
        parts.append(f"{schema['description']}\n")
    if "properties" in schema:
        required = schema.get("required", ())
        rows = (
            (f"`{field}`", field_type(field, part), _presence(field in required, part), part.get("description", ""))
            for field, part in schema["properties"].items()
        )
        parts.append(table(("field", "type", "presence", "meaning"), rows))
    else:
        parts.append(f"{field_type(name, dict(schema))}\n")
    return "\n".join(parts)


def _presence(required: bool, schema: Document) -> str:
    if required:
        return "always"
    return f"`{json.dumps(schema['default'])}` where absent" if "default" in schema else "may be absent"


def _last(reference: str) -> str:
    return reference.rpartition("/")[2]
