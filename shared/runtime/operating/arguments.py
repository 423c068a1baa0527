"""What several commands take: each is explained once."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from shared.contracts.event import Stream


def _stream(name: str) -> Stream:
    try:
        return Stream[name.upper()]
    except KeyError:
        raise typer.BadParameter(f"choose one of {STREAMS}") from None


def _words(text: str) -> str:
    if not text.strip():
        raise typer.BadParameter("say it in words")
    return text.strip()


STREAMS = ", ".join(stream.name.lower() for stream in Stream)
StreamName = Annotated[Stream, typer.Argument(parser=_stream, metavar="STREAM", help=f"One of {STREAMS}.")]
Entity = Annotated[UUID, typer.Argument(help="The entity's id, which is the key of its events.")]
Reason = Annotated[
    str, typer.Option(parser=_words, metavar="TEXT", help="Why, for whoever asks later. No names of people.")
]
Actor = Annotated[
    str, typer.Option(parser=_words, metavar="TEXT", help="Who does this: a role or an opaque id, no name.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")]
