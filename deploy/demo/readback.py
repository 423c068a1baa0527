"""The second reader: what happened, told by Kafka alone. It knows the contracts, and no service."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from deploy.demo.events import Seen, Sequences
from deploy.demo.failing import DemoFailed
from deploy.demo.follower import connected, partitions_of
from deploy.demo.overview import Measured, Money, Overview, figure, plain
from deploy.demo.polling import Strange, poll
from shared.contracts.event import EventData
from shared.contracts.events import (
    AdoptionEnded,
    AdoptionStarted,
    FundingReopened,
    FundingSecured,
    ImpactPublished,
    ImpactRecorded,
    PartnershipFormed,
    ProjectAssessed,
    ProjectSubmitted,
)
from shared.messaging.brokers import Servers

Version = tuple[UUID, int]


@dataclass
class Log:
    """All that was said, each by its entity, as it stands after the last event."""

    events: int = 0
    submitted: dict[Version, ProjectSubmitted] = field(default_factory=dict)
    assessed: dict[Version, ProjectAssessed] = field(default_factory=dict)
    started: dict[UUID, AdoptionStarted] = field(default_factory=dict)
    ended: set[UUID] = field(default_factory=set)
    partners: dict[UUID, set[tuple[UUID, str]]] = field(default_factory=dict)
    funding: dict[UUID, FundingSecured | FundingReopened] = field(default_factory=dict)
    observations: dict[UUID, ImpactRecorded] = field(default_factory=dict)
    blocks: dict[UUID, ImpactPublished] = field(default_factory=dict)

    @classmethod
    def of(cls, seen: Iterable[Seen]) -> Log:
        """Reads events in any order between entities; each entity's own must be whole and in order.

        Raises: DemoFailed, when an event is missing or stands there with another id.
        """
        log, sequences = cls(), Sequences()
        for event in seen:
            if not sequences.is_new(event):
                continue
            if fault := sequences.fault(event, first=1):
                raise DemoFailed(f"Op Kafka klopt iets niet: {fault}")
            log.events += 1
            log.take(event.data)
        return log

    def take(self, data: EventData) -> None:
        """What one event changes."""
        match data:
            case ProjectSubmitted():
                self.submitted[data.project, data.project_version] = data
            case ProjectAssessed():
                self.assessed[data.project, data.project_version] = data
            case AdoptionStarted():
                self.started[data.adoption] = data
            case AdoptionEnded():
                self.ended.add(data.adoption)
            case PartnershipFormed():
                self.partners.setdefault(data.adoption, set()).add((data.organisation, data.role))
            case FundingSecured() | FundingReopened():
                self.funding[data.adoption] = data
            case ImpactRecorded():
                self.observations[data.observation] = data
            case ImpactPublished():
                self.blocks[data.block] = data

    def overview(self, adoption: UUID) -> Overview:
        """The adoption as the log tells of it."""
        started = self.started[adoption]
        version = (started.project, started.project_version)
        funding = self.funding.get(adoption)
        return Overview(
            adoption,
            started.gemeente,
            self.submitted[version].title,
            started.project_version,
            self.assessed[version].verdict,
            ended=adoption in self.ended,
            partners=frozenset(self.partners.get(adoption, ())),
            secured=isinstance(funding, FundingSecured),
            money=None if funding is None else _money(funding),
            observed=self._observed(adoption),
            published=self._published(started),
        )

    def _observed(self, adoption: UUID) -> dict[Measured, str]:
        told = (o for o in self.observations.values() if o.adoption == adoption and o.breakdown is None)
        return {_measured(o): text for o in told if (text := _exact(o))}

    def _published(self, started: AdoptionStarted) -> dict[Measured, str]:
        told = (b for b in self.blocks.values() if (b.project, b.scope) == (started.project, started.gemeente))
        shown = ((b, figure(b.shown, b.shown_numerator, b.shown_denominator)) for b in told)
        return {_measured(block): text for block, text in shown if text}


async def read_back(servers: Servers, strange: Strange | None = None) -> Log:
    """All that was said until now. Raises: DemoFailed."""
    return Log.of(await everything(servers, strange))


async def everything(servers: Servers, strange: Strange | None = None) -> list[Seen]:
    """What stands in the six topics, from the beginning to where they end now, duplicates too.

    Where `strange` is given, what it names is passed over, and so is what nobody can read. Raises: DemoFailed.
    """
    consumer = await connected(servers)
    try:
        partitions = partitions_of(consumer)
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        seen: list[Seen] = []
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            records, unreadable = await poll(consumer, 500)
            if unreadable and strange is None:
                raise ValueError(f"{unreadable} headers")
            seen += [Seen.read(record) for record in records if strange is None or not strange(record)]
        return seen
    except (ValueError, KeyError) as error:
        raise DemoFailed(f"Op Kafka staat iets dat niet te lezen is: {error}") from None
    finally:
        with suppress(TimeoutError):
            await consumer.stop()


def _measured(told: ImpactRecorded | ImpactPublished) -> Measured:
    return Measured(told.indicator, told.period_start, told.period_end)


def _exact(told: ImpactRecorded) -> str | None:
    value = None if told.value is None else plain(told.value)
    return None if told.withdrawn else figure(value, told.numerator, told.denominator)


def _money(told: FundingSecured | FundingReopened) -> Money:
    commitments = frozenset((c.commitment, c.amount_euro, c.stage.value) for c in told.commitments)
    return Money(told.budget_euro, told.firm_euro, told.gap_euro, commitments)
