"""What the demo shows: plain lines, with a little colour where the output is a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

WIDTH_OF_A_FILE = 150
"""A file has no width of its own; a table must not be folded there."""


class Screen:
    """Where the story is told. `file` is another place than the standard output."""

    def __init__(self, file: TextIO | None = None) -> None:
        console = Console(file=file, highlight=False)
        self._console = (
            console
            if console.is_terminal
            else Console(file=file, highlight=False, width=WIDTH_OF_A_FILE, no_color=True)
        )

    def chapter(self, title: str, note: str = "") -> None:
        """A part of the journey begins."""
        self._print(f"\n[bold cyan]{escape(title)}[/]")
        if note:
            self._print(f"[dim]{escape(note)}[/]")

    def step(self, number: int, title: str) -> None:
        """Something is about to be done."""
        self._print(f"[bold]{number:>3}. {escape(title)}[/]")

    def line(self, text: str) -> None:
        """Something that a step found or did."""
        self._print(f"     {escape(text)}")

    def event(self, text: str) -> None:
        """An event that came on Kafka."""
        self._print(f"     [green]<- {escape(text)}[/]")

    def trouble(self, text: str) -> None:
        """Something that went wrong, and is tried again."""
        self._print(f"     [yellow]!  {escape(text)}[/]")

    def done(self, seconds: float) -> None:
        """The step is over."""
        self._print(f"     [dim]klaar in {duration(seconds)}[/]")

    def close(self, text: str, *, good: bool = True) -> None:
        """The last word."""
        self._print(f"\n[bold {'green' if good else 'red'}]{escape(text)}[/]")

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table, with a line between its rows; a cell may have several lines."""
        table = Table(title=title, title_justify="left", show_lines=True)
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self._console.print()
        self._console.print(table)

    def _print(self, text: str) -> None:
        self._console.print(text, soft_wrap=True)


def duration(seconds: float) -> str:
    """As people in the Netherlands read it: 0,04 s."""
    return f"{seconds:.2f} s".replace(".", ",")


def euro(amount: int) -> str:
    """As people in the Netherlands read it: 12.500 euro."""
    return f"{amount:,} euro".replace(",", ".")
