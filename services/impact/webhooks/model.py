"""Webhooks: who gets published impact sent to an address of theirs, and how that goes. After the Standard Webhooks specification.

Source: www.standardwebhooks.com (signatures, secrets, retries over days, 410 ends it), issue of subscribers: their own lag,
dead letters, log, replay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared.refusals import Conflict, Fault, Invalid, UnknownEntity

MOST_WEBHOOKS = 10
"""Of one subscriber."""
SIGNS_ALONG = timedelta(hours=24)
"""How long the secret before signs along, so that a receiver can change without missing anything."""
ATTEMPTS_KEPT = 100
"""Of one webhook, in its log."""
DEAD_KEPT = timedelta(days=90)
ERRANDS_KEPT = timedelta(days=7)
MOST_ERRANDS, ERRANDS_WITHIN = 20, timedelta(minutes=10)
"""Challenges and tests that one subscriber may ask for: we do not knock for others."""


class WebhookState(StrEnum):
    """Whether messages are sent. They are to an address that has shown that it wants them."""

    UNPROVEN = "onbevestigd"
    ACTIVE = "actief"
    PAUSED = "gepauzeerd"
    ENDED = "uitgeschakeld"


class NoticeReason(StrEnum):
    """Why nothing is sent, though its owner did not ask for that."""

    NOT_ECHOED = "uitdaging-niet-beantwoord"
    FAILS = "faalt-te-lang"
    GONE = "adres-opgeheven"


NOTICES = {
    NoticeReason.NOT_ECHOED: (
        "Het adres stuurde de gevraagde waarde niet terug. Kijk in het logboek wat er misging. "
        "Vraag daarna een nieuwe uitdaging aan."
    ),
    NoticeReason.FAILS: (
        "Het adres geeft al vier dagen geen goed antwoord. Wij sturen daarom niets meer. Er gaat niets verloren: "
        "herstel het adres en hervat de webhook."
    ),
    NoticeReason.GONE: (
        "Het adres antwoordde met 410: het wil geen berichten meer. Hervat de webhook als dat niet klopt; "
        "u krijgt dan eerst een nieuwe uitdaging."
    ),
}


class ErrandKind(StrEnum):
    """A single message that a subscriber asked for."""

    TEST = "test"
    CHALLENGE = "uitdaging"


class UnknownWebhook(UnknownEntity):
    """There is none with this id, or not of this subscriber."""

    def __init__(self, webhook: UUID) -> None:
        super().__init__("webhook", webhook)


class UnknownTest(UnknownEntity):
    """This webhook has had no such test."""

    def __init__(self, test: UUID) -> None:
        super().__init__("test", test)


class TooManyWebhooks(Conflict):
    """A subscriber has as many as it may have."""

    title = "U heeft al genoeg webhooks"

    def __init__(self) -> None:
        super().__init__(f"U mag hoogstens {MOST_WEBHOOKS} webhooks hebben. Verwijder er een, of verander een filter.")


class UnfitAddress(Invalid):
    """Nothing may be sent to this address."""

    title = "Dit adres kan niet"

    def __init__(self, why: str) -> None:
        super().__init__(f"Dit adres kan niet: {why}", [Fault("address", why)])


class NotNow(Conflict):
    """It does not fit the state that the webhook is in."""

    title = "Dit kan nu niet met deze webhook"


class OneReplayPlease(Invalid):
    """A replay goes from a place or from a moment, not from both or none."""

    title = "Zeg vanaf waar"

    def __init__(self) -> None:
        message = "Geef of een cursor (after) of een tijdstip (since)."
        super().__init__(message, [Fault("after", message), Fault("since", message)])


@dataclass(frozen=True, slots=True)
class Filters:
    """Which lines it wants, as the subscriber wrote it down; whatever is None counts for all."""

    gemeente: str | None = None
    province: str | None = None
    project: UUID | None = None
    indicator: str | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address of a subscriber. `position` is the line of the ledger up to which all was taken up."""

    id: UUID
    subscriber: str
    address: str
    filters: Filters
    state: WebhookState
    revision: int
    created_at: datetime
    position: int
    notice: NoticeReason | None = None
    notice_at: datetime | None = None
    delivered_at: datetime | None = None
    failing_since: datetime | None = None
    resting_until: datetime | None = None
    earlier_secret_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lag:
    """How far it is behind: lines of the ledger, wanted or not, and seconds since the oldest of them was released."""

    lines: int
    seconds: float
    waiting: int
    dead: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """A line of the log: one request and its answer."""

    number: int
    kind: str
    position: int | None
    attempted_at: datetime
    status: int | None
    fault: str | None
    milliseconds: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A line that was not delivered in more than three days."""

    position: int
    block: UUID
    release: int
    attempts: int
    first_at: datetime | None
    dead_at: datetime


@dataclass(frozen=True, slots=True)
class Errand:
    """A test or challenge: asked for, and once it is done what came of it."""

    id: UUID
    kind: ErrandKind
    asked_at: datetime
    done_at: datetime | None
    status: int | None
    fault: str | None
    milliseconds: int | None

    @property
    def succeeded(self) -> bool | None:
        """Whether the address took it; None while it is on its way."""
        return None if self.done_at is None else self.status is not None and 200 <= self.status < 300


def assert_in(webhook: Webhook, states: Sequence[WebhookState], otherwise: str) -> None:
    """Raises: NotNow, with what to do."""
    if webhook.state not in states:
        raise NotNow(f"Deze webhook is {webhook.state}. {otherwise}")
