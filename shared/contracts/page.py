"""The page about all events, for people: `docs/events.md`. Each event has a page of its own beside it (event_page.py)."""

from __future__ import annotations

from collections.abc import Iterator

from shared.contracts.cloudevents import ATTRIBUTES
from shared.contracts.event_page import page_name
from shared.contracts.markdown import GENERATED, table
from shared.contracts.parties import Parties
from shared.contracts.registry import EVENTS, TOPICS

INTRODUCTION = f"""\
{GENERATED}
# Events

What the services tell each other over Kafka. An event carries the state of its entity after it, so whoever hears it
needs to ask nobody anything. The same in machine-readable form: [asyncapi.json](asyncapi.json), and a JSON Schema of
every event in `shared/contracts/schemas/`. All examples are invented. Systems outside can [publish](publishing.md) events,
and [subscribe](subscribing.md) to the impact that is published.

- Delivery is at least once; a `ce_id` that was read before is a duplicate.
- The records of one subject are in order, and their `sequence` rises by one: a gap means that one is still to come.
  Between subjects, and between topics, there is no order.
- Ignore fields that you do not know. A field that may be absent is left out, never null.
- Within a version an event only changes so that old and new readers understand each other. Anything else is a next
  version (`.v2`), said beside the old one for as long as somebody hears that.
- Topics are kept for ever. No event names a person.
"""

ENVELOPE = """\
## Envelope

CloudEvents 1.0 in the NL GOV profile, in Kafka's binary mode: the data is the value of the record, the attributes are its
headers, and the subject is its key.

"""

TWO_VERSIONS = """\
## Two versions of one event

When an event must change in a way that its readers would not understand, the same fact is said twice: once in the new
version, once in the old one. Both bear the same subject and the same `ce_sequence`; each has a `ce_id` of its own. The new
one names the old one in `ce_supersedes`, the old one names the new one in `ce_supersededby`. So:

- Who knows only the old version goes on as before: a type that is not known is passed over, and every fact is there once
  in the version that is known.
- Who learns the new version takes it, and passes over a record whose `ce_supersededby` is a type that it knows. Then
  every fact is there once too, and there is no moment at which to change over.
- Who keeps the last `ce_sequence` of each subject sees repeats: a record that is not above it was had already, in
  whatever version. A type that is passed over still counts as read: its number is no gap.

The old version is said for as long as somebody is known to read it, and its end is announced in the changelog.
"""


def events_page(parties: Parties) -> str:
    """The whole page, in Markdown."""
    return "\n".join(
        [
            INTRODUCTION,
            "## All events\n\n"
            + table(("event", "said by", "heard by", "from outside", "meaning"), _overview(parties)),
            ENVELOPE + table(("header", "presence", "meaning"), _envelope()),
            "## Topics\n\n" + table(("topic", "said by", "partitions", "about"), _topics()),
            TWO_VERSIONS,
        ]
    )


def _envelope() -> Iterator[tuple[str, ...]]:
    for attribute in ATTRIBUTES:
        fixed = attribute.schema.get("const")
        yield (
            f"`{attribute.header}`",
            "always" if attribute.required else "may be absent",
            attribute.meaning + (f" Always `{fixed}`." if fixed else ""),
        )


def _topics() -> Iterator[tuple[str, ...]]:
    for topic in TOPICS.values():
        yield f"`{topic.name}`", topic.owner, str(topic.partitions), topic.summary


def _overview(parties: Parties) -> Iterator[tuple[str, ...]]:
    for declared in EVENTS:
        event = declared.event
        yield (
            f"[{event.__name__}](events/{page_name(declared)})",
            declared.owner,
            ", ".join(parties.listeners(event)) or "nobody yet",
            "by who has the right" if event in parties.takes else "no",
            declared.summary,
        )
