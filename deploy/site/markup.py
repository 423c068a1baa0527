"""A page in Markdown becomes a page in HTML: one frame for all, no script, no style within, nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from html import escape
from itertools import pairwise
from os.path import relpath
from pathlib import PurePosixPath
from typing import TypeAlias

from markdown_it import MarkdownIt
from markdown_it.token import Token

Pages: TypeAlias = Mapping[PurePosixPath, str]
"""Path of a page -> its Markdown."""

FRAME = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - Schuldhulpprojecten</title>
<link rel="stylesheet" href="{home}style.css">
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<nav aria-label="Documentation">
<ul>
<li><a href="{home}index.html">Documentation</a></li>
<li><a href="{home}events.html">Events</a></li>
<li><a href="{home}asyncapi.html">AsyncAPI</a></li>
</ul>
</nav>
</header>
<main id="content" tabindex="-1">
{content}</main>
</body>
</html>
"""
LONG = 3
"""From so many sections on, a page begins with a list of them."""


def page_of(path: PurePosixPath, pages: Pages, raw: Collection[PurePosixPath]) -> str:
    """The whole page. `raw` are the files beside the pages, to which a link may lead as well."""
    tokens = _reader().parse(_without_remark(pages[path]))
    _name_headings(tokens)
    _lead_links(tokens, path, pages, raw)
    renderer = _reader()
    content = renderer.renderer.render(_framed(tokens), renderer.options, {})
    home = "../" * (len(path.parts) - 1)
    return FRAME.format(title=escape(title_of(pages[path])), home=home, content=_with_contents(content, tokens))


def title_of(markdown: str) -> str:
    """Its first heading, as plain text."""
    found = re.search(r"^# (.+)$", markdown, re.MULTILINE)
    return found[1].replace("`", "") if found else ""


def slug(heading: str) -> str:
    """How a link within a page names a heading: as on the platforms where people read Markdown."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _reader() -> MarkdownIt:
    """Tables, and no HTML: what somebody wrote in a description is shown as text."""
    return MarkdownIt("js-default", {"html": False})


def _without_remark(markdown: str) -> str:
    return re.sub(r"\A<!--.*?-->\n", "", markdown, flags=re.DOTALL)


def _headings(tokens: list[Token]) -> Iterator[tuple[Token, str]]:
    """Each with its text."""
    for token, following in pairwise(tokens):
        if token.type == "heading_open":
            yield token, "".join(part.content for part in following.children or () if part.content)


def _name_headings(tokens: list[Token]) -> None:
    taken: dict[str, int] = {}
    for token, text in _headings(tokens):
        name = slug(text)
        taken[name] = taken.get(name, 0) + 1
        token.attrSet("id", name if taken[name] == 1 else f"{name}-{taken[name] - 1}")


def _lead_links(tokens: list[Token], path: PurePosixPath, pages: Pages, raw: Collection[PurePosixPath]) -> None:
    """To the HTML of a page. What is not in the site keeps its words, and is no link."""
    for token in tokens:
        leads = True
        for part in token.children or ():
            if part.type == "link_open":
                target = _target(str(part.attrGet("href")), path, pages, raw)
                leads = target is not None
                part.attrSet("href", target or "")
            part.hidden = part.hidden or (not leads and part.type in ("link_open", "link_close"))


def _target(href: str, path: PurePosixPath, pages: Pages, raw: Collection[PurePosixPath]) -> str | None:
    """Where a link leads in the site; None where it leads out of it, to a file of the project."""
    if href.startswith(("#", "https://", "http://", "mailto:")):
        return href
    place, _, anchor = href.partition("#")
    meant = PurePosixPath(relpath(path.parent / place, "."))
    found = meant.with_suffix(".html") if meant in pages else meant if meant in raw else None
    if found is None:
        return None
    return relpath(found, path.parent) + (f"#{anchor}" if anchor else "")


def _framed(tokens: list[Token]) -> list[Token]:
    """What is wide scrolls in a frame of its own, which a keyboard can reach; no style stands within a page."""
    framed: list[Token] = []
    _spare_empty_heads(tokens)
    for token in tokens:
        token.attrs.pop("style", None)
        if token.type == "table_open":
            framed.append(_html('<div class="wide" role="group" aria-label="Table" tabindex="0">\n'))
        framed.append(token)
        if token.type == "table_close":
            framed.append(_html("</div>\n"))
        if token.type == "fence":
            token.type, token.content = "html_block", _code(token)
    return framed


def _spare_empty_heads(tokens: list[Token]) -> None:
    """A head without words names no column: it is a cell like others."""
    for opening, words, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if opening.type == "th_open" and not words.content:
            opening.tag = closing.tag = "td"


def _code(token: Token) -> str:
    return f'<pre tabindex="0"><code>{escape(token.content)}</code></pre>\n'


def _html(text: str) -> Token:
    return Token("html_block", "", 0, content=text)


def _with_contents(content: str, tokens: list[Token]) -> str:
    """After the heading of a long page: its sections."""
    sections = [(str(token.attrGet("id")), text) for token, text in _headings(tokens) if token.tag == "h2"]
    if len(sections) < LONG:
        return content
    items = "".join(f'<li><a href="#{escape(name)}">{escape(text)}</a></li>\n' for name, text in sections)
    head, end, rest = content.partition("</h1>\n")
    return f'{head}{end}<nav class="contents" aria-label="On this page">\n<ul>\n{items}</ul>\n</nav>\n{rest}'
