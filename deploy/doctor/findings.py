"""What was looked at, what is wrong with it, and what helps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

LOOK_WITHIN_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. All is well while `wrong` is empty; `helps` is a command, or what to do."""

    about: str
    wrong: str = ""
    helps: str = ""

    def __str__(self) -> str:
        """One line."""
        if not self.wrong:
            return f"ok     {self.about}"
        return f"WRONG  {self.about}: {self.wrong}" + (f" -> {self.helps}" if self.helps else "")


@dataclass(frozen=True, slots=True)
class Commands:
    """The commands of one kind of installation, with which an operator mends it."""

    start: str
    setup: str
    access: str
    logs: str
    ask: str

    def logs_of(self, name: str) -> str:
        """Shows what a part wrote last."""
        return self.logs.format(name=name)

    def asked(self, service: str, what: str) -> str:
        """Asks a service's own command line."""
        return self.ask.format(name=service, what=what)


ON_THIS_MACHINE = Commands(
    start="make up",
    setup="make up",
    access="make up",
    logs="make logs NAME={name}",
    ask='make ask SERVICE={name} ARGS="{what}"',
)
IN_COMPOSE = Commands(
    start="docker compose up -d --wait",
    setup="docker compose run --rm setup",
    access="docker compose run --rm access",
    logs="docker compose logs --tail 50 {name}",
    ask="docker compose exec {name} python -m services.{name} {what}",
)

Look = Callable[[], AsyncIterator[Finding]]


async def looked_over(looks: Sequence[tuple[str, Look]]) -> list[Finding]:
    """Everything at once; what cannot be looked at is a finding too, and keeps nothing else from being looked at."""
    found = await asyncio.gather(*(_looked(about, look) for about, look in looks))
    return [finding for findings in found for finding in findings]


async def _looked(about: str, look: Look) -> list[Finding]:
    findings: list[Finding] = []
    try:
        async with asyncio.timeout(LOOK_WITHIN_SECONDS):
            async for finding in look():
                findings.append(finding)  # noqa: PERF401 - what was found before it failed is kept
    except TimeoutError:
        findings.append(Finding(about, f"it did not answer within {LOOK_WITHIN_SECONDS:g} s"))
    except Exception as error:
        findings.append(Finding(about, f"it cannot be looked at: {type(error).__name__}: {error}".splitlines()[0]))
    return findings
