"""The documentation as a reader's browser gets it: whole, legible without sight or script, and asking nothing elsewhere."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path, PurePosixPath
from posixpath import normpath
from urllib.parse import urljoin

import pytest

from deploy.local.settings import ROOT, SERVICES
from deploy.site.__main__ import main
from deploy.site.building import site_of
from deploy.site.markup import page_of
from shared.contracts.registry import EVENTS
from shared.contracts.schemas import file_name

SITE = site_of(ROOT)
PAGES = [path for path in SITE if path.suffix == ".html"]
every_page = pytest.mark.parametrize("path", PAGES, ids=str)
LOADING = {"src", "srcset", "data", "poster", "action", "formaction", "background", "ping", "manifest"}
VOID = {"meta", "link", "br", "hr", "img"}


class Read(HTMLParser):
    """What a browser sees of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append((self.open[-1] if self.open else "", data))

    def all(self, name: str) -> list[dict[str, str | None]]:
        """The attributes of every such element."""
        return [attributes for tag, attributes in self.tags if tag == name]

    @property
    def anchors(self) -> list[str]:
        """Where a link into this page may lead."""
        return [str(attributes["id"]) for _, attributes in self.tags if "id" in attributes]


READ = {path: Read(SITE[path]) for path in PAGES}


@every_page
def test_a_page_asks_nothing_of_anybody_else(path: PurePosixPath) -> None:
    """With `Content-Security-Policy: default-src 'self'` nothing of it would be held back either."""
    page = READ[path]

    assert {tag for tag, _ in page.tags}.isdisjoint(
        {"script", "style", "iframe", "object", "embed", "base", "form", "img"}
    )
    for tag, attributes in page.tags:
        assert attributes.keys().isdisjoint(LOADING | {"style"}), (tag, attributes)
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
        assert tag != "meta" or "http-equiv" not in attributes
    (style,) = page.all("link")
    assert normpath(path.parent / str(style["href"])) == "style.css"


def test_the_look_asks_nothing_of_anybody_else_either() -> None:
    style = SITE[PurePosixPath("style.css")]

    assert "url(" not in style
    assert "@import" not in style


@every_page
def test_every_link_within_the_site_leads_somewhere(path: PurePosixPath) -> None:
    for link in READ[path].all("a"):
        href = str(link["href"])
        if href.startswith(("https://", "mailto:")):
            continue
        place, _, anchor = href.partition("#")
        target = PurePosixPath(normpath(path.parent / place)) if place else path
        assert target in SITE, href
        assert not anchor or anchor in READ[target].anchors, href


@every_page
def test_a_page_can_be_heard_and_walked_through_by_keyboard(path: PurePosixPath) -> None:
    page = READ[path]
    levels = [int(tag[1]) for tag, _ in page.tags if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit()]

    assert page.all("html") == [{"lang": "en"}]
    assert page.open == []
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))
    assert len(set(page.anchors)) == len(page.anchors)
    assert page.all("a")[0] == {"class": "skip", "href": "#content"}
    assert len(page.all("main")) == 1
    assert all(frame["tabindex"] == "0" and frame["aria-label"] for frame in page.all("div"))
    assert "".join(words for tag, words in page.words if tag == "title").strip() != "- Schuldhulpprojecten"


@every_page
def test_no_column_is_without_a_name(path: PurePosixPath) -> None:
    page = READ[path]

    assert "<th></th>" not in SITE[path]
    assert len(page.all("th")) >= len(page.all("table"))


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_a_page_without_two_headings_of_one_name(service: str) -> None:
    anchors = READ[PurePosixPath(f"openapi/{service}.html")].anchors

    assert [name for name in anchors if name[-2:-1] == "-" and name[-1].isdigit() and name[:-2] in anchors] == []


def test_everything_that_outsiders_need_is_there_for_people_and_for_programs() -> None:
    for name in ("index.html", "events.html", "asyncapi.html", "asyncapi.json"):
        assert PurePosixPath(name) in SITE
    for service in SERVICES:
        assert {PurePosixPath(f"openapi/{service}.{kind}") for kind in ("html", "json")} <= SITE.keys()
    for declared in EVENTS:
        name = file_name(declared.event)
        assert PurePosixPath("schemas", name) in SITE
        assert PurePosixPath("events", name).with_suffix(".html") in SITE


@pytest.mark.parametrize("service", SERVICES)
def test_the_document_of_a_service_names_the_address_that_it_has_behind_the_proxy(service: str) -> None:
    (server,) = json.loads(SITE[PurePosixPath(f"openapi/{service}.json")])["servers"]

    assert urljoin(f"https://host/docs/openapi/{service}.json", server["url"]) == f"https://host/{service}/v1"
    assert f"<code>/{service}</code>" in SITE[PurePosixPath(f"openapi/{service}.html")]


def test_a_route_says_who_may_use_it_what_it_takes_and_what_it_answers() -> None:
    page = SITE[PurePosixPath("openapi/impact.html")]
    about = page.partition('<h3 id="get-v1releases">')[2].partition("<h3")[0]

    assert "for: everybody" in about
    assert "<code>limit</code>" in about
    assert "whole number, 1 to 100" in about
    assert "RFC 9457" in page


def test_a_description_cannot_bring_markup_along() -> None:
    path = PurePosixPath("a.md")

    page = page_of(path, {path: "# A\n\n<script>alert(1)</script> [x](javascript:alert(1))\n"}, ())

    assert "<script" not in page
    assert 'href="javascript' not in page


def test_a_link_to_a_file_that_is_not_in_the_site_keeps_its_words() -> None:
    path = PurePosixPath("a.md")

    page = page_of(path, {path: "# A\n\nSee [the code](../shared/runtime) and [b](events/b.md#c).\n"}, ())

    assert "See the code and b." in page


def test_the_command_writes_the_site_and_says_where_to_begin(tmp_path: Path) -> None:
    main(tmp_path / "site")

    assert (tmp_path / "site/index.html").read_text(encoding="utf-8") == SITE[PurePosixPath("index.html")]
    assert {file.relative_to(tmp_path / "site").as_posix() for file in (tmp_path / "site").rglob("*.*")} == {
        str(path) for path in SITE
    }
