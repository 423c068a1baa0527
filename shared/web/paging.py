"""Lists, page by page: `limit`, and a cursor that says after which item to go on (keyset paging; RFC 8288 links)."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Self, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, Field
from starlette.datastructures import URL

from shared.refusals import Fault, Invalid

T = TypeVar("T")
R = TypeVar("R", bound=BaseModel)

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
LONGEST_CURSOR = 1_024


class BadCursor(Invalid):
    """`after` was not given out by this list."""

    def __init__(self) -> None:
        message = "Gebruik de waarde van next uit een eerder antwoord."
        super().__init__("Deze plaats in de lijst bestaat niet.", [Fault("after", message)])


@dataclass(frozen=True, slots=True)
class PageAsked:
    """Which part of a list is asked for. Fetch `limit + 1` rows after `after_uuid` or `after_text`, in that order."""

    limit: int
    after: str | None

    @property
    def after_text(self) -> str | None:
        """The key after which to go on; None at the start. Raises: BadCursor."""
        if self.after is None:
            return None
        try:
            text = urlsafe_b64decode(self.after + "=" * (-len(self.after) % 4)).decode()
        except ValueError:
            raise BadCursor from None
        if "\0" in text or cursor_of(text) != self.after:
            raise BadCursor
        return text

    @property
    def after_uuid(self) -> UUID | None:
        """The id after which to go on; None at the start. Raises: BadCursor."""
        text = self.after_text
        try:
            return None if text is None else UUID(text)
        except ValueError:
            raise BadCursor from None


def cursor_of(key: str | UUID) -> str:
    """The opaque form of a key."""
    return urlsafe_b64encode(str(key).encode()).decode().rstrip("=")


async def _page_asked(
    limit: Annotated[
        int, Query(ge=1, le=MAX_LIMIT, description="How many items a page holds at most.")
    ] = DEFAULT_LIMIT,
    after: Annotated[str | None, Query(max_length=LONGEST_CURSOR, description="The `next` of the page before.")] = None,
) -> PageAsked:
    return PageAsked(limit, after)


Paging = Annotated[PageAsked, Depends(_page_asked)]


class Page(BaseModel, Generic[R]):
    """A part of a list. `next` is the cursor of the next page, and also stands in the Link header; null on the last."""

    items: list[R]
    next: str | None = Field(default=None, description="The value for `after`; null on the last page.")

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """ "ProjectPage" for a Page[ProjectResult]: the name in the OpenAPI document."""
        return f"{params[0].__name__.removesuffix('Result')}Page"

    @classmethod
    def of(cls, found: Sequence[T], asked: PageAsked, key: Callable[[T], str | UUID], result: Callable[[T], R]) -> Self:
        """The page for up to `limit + 1` things found, by the key that they are ordered by."""
        shown = found[: asked.limit]
        more = len(found) > asked.limit
        return cls(items=[result(thing) for thing in shown], next=cursor_of(key(shown[-1])) if more else None)

    def link(self, url: URL) -> str | None:
        """The Link header to the next page of the list at this address, or None on the last page."""
        if self.next is None:
            return None
        following = url.include_query_params(after=self.next)
        return f'<{following.path}?{following.query}>; rel="next"'
