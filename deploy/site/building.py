"""Which files the site has. It is made of what is committed in docs/ and of the schemas: it needs no service and no database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from deploy.site.asyncapi import asyncapi_page
from deploy.site.markup import Pages, page_of, title_of
from deploy.site.openapi import openapi_page

HERE = Path(__file__).parent
DOCS = "docs"
BASE_PATH = "/v1"
SCHEMAS = "shared/contracts/schemas"
STYLE = PurePosixPath("style.css")
INDEX = PurePosixPath("index.md")
BEGINNING = """\
# Schuldhulpprojecten: documentation for who connects

The platform carries proven projects against problematic debts from one gemeente to the next, and shows what they did.
Systems outside can publish into it, and everybody can follow the impact that it publishes.

## Events

- [All events](events.md): what each means, field by field, with an example; who says it, who hears it, who may publish it
- [AsyncAPI](asyncapi.md): topics, operations and how to log in; as a document: [asyncapi.json](asyncapi.json)
"""


def site_of(root: Path) -> Mapping[PurePosixPath, str]:
    """Path in the site -> what stands there. The same documents give the same bytes."""
    raw = _raw(root)
    pages = _pages(root)
    html = {path.with_suffix(".html"): page_of(path, pages, raw) for path in pages}
    return {**raw, **html, STYLE: (HERE / STYLE).read_text(encoding="utf-8")}


def written(files: Mapping[PurePosixPath, str], folder: Path) -> None:
    """Writes them all. What else stands in the folder stays."""
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _raw(root: Path) -> Mapping[PurePosixPath, str]:
    """What programs read: the documents themselves, and the schema of every event."""
    services = sorted((root / DOCS / "openapi").glob("*.json"))
    schemas = sorted((root / SCHEMAS).glob("*.json"))
    return {
        PurePosixPath("asyncapi.json"): _text(root / DOCS / "asyncapi.json"),
        **{PurePosixPath("openapi", file.name): _behind_the_proxy(file) for file in services},
        **{PurePosixPath("schemas", file.name): _text(file) for file in schemas},
    }


def _pages(root: Path) -> Pages:
    """Every page in Markdown, under the path that it would have in docs/."""
    guides = {PurePosixPath(file.name): _text(file) for file in sorted((root / DOCS).glob("*.md"))}
    events = {PurePosixPath("events", file.name): _text(file) for file in sorted((root / DOCS / "events").glob("*.md"))}
    services = {
        PurePosixPath("openapi", f"{file.stem}.md"): openapi_page(_document(file), file.stem)
        for file in sorted((root / DOCS / "openapi").glob("*.json"))
    }
    asyncapi = {PurePosixPath("asyncapi.md"): asyncapi_page(_document(root / DOCS / "asyncapi.json"))}
    return {INDEX: _index(guides, services), **guides, **asyncapi, **services, **events}


def _index(guides: Pages, services: Pages) -> str:
    return f"{BEGINNING}\n## HTTP\n\n{_links(services)}\n## Guides\n\n{_links(guides)}"


def _links(pages: Pages) -> str:
    return "".join(f"- [{title_of(text)}]({path})\n" for path, text in pages.items())


def _behind_the_proxy(file: Path) -> str:
    """With the service where the proxy has it, seen from the document: beside the folder in which the site is."""
    document = {**_document(file), "servers": [{"url": f"../../{file.stem}{BASE_PATH}"}]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _document(file: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(_text(file))
    return loaded


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")
