"""What all routes for operators share: who asks and why, the desk within the request, and refusals in words for people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Depends, Request
from pydantic import Field, StringConstraints

from shared.contracts.event import Stream
from shared.messaging.audit import Act, Busy
from shared.messaging.heard import Outdated
from shared.messaging.looking import Content, Headers, NotThere
from shared.messaging.operating import Desk
from shared.messaging.refused import NotRepairable, NotReplayable
from shared.messaging.resending import NotTold
from shared.refusals import Conflict, Invalid, UnknownEntity
from shared.runtime.operations import dutch
from shared.web import Body, Caller, Result, Role, Tx, caller_of

Operator = Annotated[Caller, caller_of(Role.OPERATOR)]
Reason = Annotated[
    str, StringConstraints(min_length=1, max_length=1000), Field(description="Why, for whoever asks later.")
]
StreamName = Annotated[str, StringConstraints(pattern=f"^({'|'.join(stream.name.lower() for stream in Stream)})$")]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]


class ActBody(Body):
    """Why it is done; who does it is known. `dryRun`: only say what would change."""

    reason: Reason
    dry_run: bool = False


class DoneResult(Result):
    """What came of it. `moreToDo`: ask for a release of the entity, with another Idempotency-Key, to go on: also after a discard.

    That is POST /operations/parked/{stream}/{entity}/releases.
    """

    outcome: str
    more_to_do: bool = False
    dry_run: bool


class ContentResult(Result):
    """Bytes as text where they are text, else in base64."""

    text: str
    encoding: str

    @classmethod
    def of(cls, content: Content | None) -> ContentResult | None:
        """None where nothing is kept."""
        return None if content is None else cls(text=content.text, encoding=content.encoding)


class HeaderResult(Result):
    """A header of a record; null where it had no value."""

    name: str
    value: str | None


def headers_of(headers: Headers) -> list[HeaderResult]:
    """As a list: a name may come twice."""
    return [HeaderResult(name=name, value=value) for name, value in headers]


async def _desk(request: Request, tx: Tx) -> Desk:
    desk: Desk = request.app.state.desk
    return desk.within(tx)


DeskHere = Annotated[Desk, Depends(_desk)]
"""The service's desk, in the request's transaction."""


def act_of(caller: Caller, body: ActBody) -> Act:
    """On the caller's account: their opaque id."""
    return Act(str(caller.person), body.reason)


class BeingRepaired(Conflict):
    """Somebody else is at it."""

    title = "Iemand anders is hiermee bezig"


class NotMended(Invalid):
    """What was given does not make it right."""

    title = "Hiermee klopt het bericht nog niet"


class CannotBeHeard(Conflict):
    """It stays as it is."""

    title = "Dit bericht is niet te verwerken"


@contextmanager
def refusing(kind: str, thing: object) -> Iterator[None]:
    """What the desk refuses, as the web refuses it. Raises: UnknownEntity, Invalid, Conflict; OSError without Kafka."""
    try:
        yield
    except NotThere:
        raise UnknownEntity(kind, thing) from None
    except Busy:
        raise BeingRepaired("Probeer het opnieuw als dat klaar is.") from None
    except NotRepairable as error:
        raise NotMended(dutch.said(error), dutch.faults(error)) from None
    except NotReplayable as error:
        raise CannotBeHeard(dutch.said(error)) from None
    except Outdated:
        raise Conflict("Er draait intussen een nieuwere versie. Probeer het opnieuw.") from None
    except NotTold as error:
        raise OSError(str(error)) from None
