"""What was asked and what was answered: every command of a run, kept in memory and in a file, line by line."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

Json = dict[str, Any]


@dataclass(slots=True)
class Command:
    """One change that was asked. `key` is its Idempotency-Key: asking again with it is the same command.

    Moments are seconds since 1970 (UTC). `status` is that of the definite answer, None while there is none; `tries` counts
    how often it was sent. `entity` is what the path is about, empty where the answer is what names it. `seen` is the revision
    that it names in If-Match, `by` who asks.
    """

    id: int
    service: str
    kind: str
    entity: str
    key: str
    method: str
    path: str
    body: Json | None
    sent_at: float
    seen: int | None = None
    by: str = ""
    acknowledged_at: float | None = None
    status: int | None = None
    response: Json | None = None
    tries: int = 0

    @property
    def acknowledged(self) -> bool:
        """Whether it was promised that this happened: any 2xx."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def unknown(self) -> bool:
        """Whether it may or may not have happened: it was sent, and no definite answer came."""
        return self.status is None

    @property
    def took_s(self) -> float | None:
        """From the first time it was sent to its definite answer, in seconds."""
        return None if self.acknowledged_at is None else self.acknowledged_at - self.sent_at


@dataclass(frozen=True, slots=True)
class Heard:
    """A probe: what was acknowledged here was seen there. Moments are seconds since 1970 (UTC)."""

    pair: str
    entity: str
    acknowledged_at: float
    heard_at: float

    @property
    def took_s(self) -> float:
        """How long it travelled, in seconds."""
        return self.heard_at - self.acknowledged_at


@dataclass
class Ledger:
    """All commands of a run in the order in which they were first sent, and what the probes saw.

    With a `file` each line is written and flushed at once: what was recorded outlives whoever records it.
    """

    file: TextIO | None = None
    clock: Callable[[], float] = time.time
    commands: list[Command] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    acknowledged: int = 0

    @classmethod
    def at(cls, path: Path, clock: Callable[[], float] = time.time) -> Ledger:
        """One that keeps its lines in this file, which is begun anew."""
        path.parent.mkdir(parents=True, exist_ok=True)
        return cls(path.open("w", encoding="utf-8"), clock)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        if self.file is not None:
            self.file.close()
            self.file = None

    def sent(self, service: str, kind: str, key: str, method: str, path: str, **more: Any) -> Command:
        """A command goes out for the first time. `more`: body, entity, seen, by, as in `Command`."""
        told = {"entity": "", "body": None, **more}
        command = Command(
            id=len(self.commands) + 1,
            service=service,
            kind=kind,
            key=key,
            method=method,
            path=path,
            sent_at=self.clock(),
            **told,
        )
        self.commands.append(command)
        self._write({"sent": asdict(command)})
        return command

    def answered(self, command: Command, status: int, response: Json | None) -> None:
        """Its definite answer came: it was done (2xx) or refused (4xx)."""
        command.acknowledged_at, command.status, command.response = self.clock(), status, response
        self.acknowledged += command.acknowledged
        answer = {"id": command.id, "at": command.acknowledged_at, "status": status, "response": response}
        self._write({"answered": {**answer, "tries": command.tries}})

    def seen(self, pair: str, entity: str, acknowledged_at: float, heard_at: float | None = None) -> None:
        """A probe saw there what was acknowledged here at that moment; now, unless it knows when it was heard."""
        heard_at = self.clock() if heard_at is None else heard_at
        probe = Heard(pair, entity, acknowledged_at, max(heard_at, acknowledged_at))
        self.heard.append(probe)
        self._write({"heard": asdict(probe)})

    @property
    def unknown(self) -> Sequence[Command]:
        """Commands without a definite answer: they may or may not have happened."""
        return [command for command in self.commands if command.unknown]

    def done(self, service: str | None = None, kind: str | None = None) -> Iterator[Command]:
        """Acknowledged commands, of this service or kind where one is named."""
        for command in self.commands:
            if command.acknowledged and service in (None, command.service) and kind in (None, command.kind):
                yield command

    def _write(self, line: Json) -> None:
        if self.file is not None:
            self.file.write(json.dumps(line, default=str) + "\n")
            self.file.flush()


def load(path: Path) -> Ledger:
    """A ledger as its file tells it; a last line that was cut off is left out."""
    ledger = Ledger()
    for line in path.read_text(encoding="utf-8").splitlines():
        with suppress(json.JSONDecodeError):
            _take(ledger, json.loads(line))
    return ledger


def _take(ledger: Ledger, line: Json) -> None:
    if told := line.get("sent"):
        ledger.commands.append(Command(**told))
    elif told := line.get("answered"):
        command = ledger.commands[told["id"] - 1]
        command.acknowledged_at, command.status = told["at"], told["status"]
        command.response, command.tries = told["response"], told["tries"]
        ledger.acknowledged += command.acknowledged
    elif told := line.get("heard"):
        ledger.heard.append(Heard(**told))
