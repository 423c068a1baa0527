"""Everybody who asks: one or two of each role, a visitor without a token, and somebody whose token has expired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from deploy.issuer.__main__ import AUDIENCE
from deploy.issuer.keys import load_or_make
from deploy.issuer.tokens import Issuer, Wanted
from shared.clock import system_clock
from shared.web.logins import Role
from tests.platform import Platform

GEMEENTEN = {1: "GM0518", 2: "GM0106"}
PUBLISHERS = {1: "voorbeeld-gemeente", 2: "voorbeeld-fonds"}
SUBSCRIBERS = {1: "voorbeeld-dashboard", 2: "voorbeeld-onderzoeker"}
LONG_AGO = timedelta(hours=9)
RUN = uuid4().hex[:6]
"""In every mark, so that it is of this run."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who asks. `number`: of two of a kind, which one. `has_seat`: on the board.

    `is_declared`: whether an outside system stands in access.yaml.
    """

    name: str
    role: Role | None = None
    number: int = 0
    token: str | None = field(default=None, repr=False)
    subject: str = ""
    has_seat: bool = False
    expired: bool = False
    is_declared: bool = True


def subject_of(name: str) -> str:
    """The login of somebody: a mark by which it would be seen where it may not be."""
    return f"merklogin.{name}.{RUN}"


def cast(platform: Platform, organisations: Mapping[str, UUID]) -> dict[str, Actor]:
    """By name, each with a token of the platform's own issuer. `organisations` are those of partners and submitters."""
    key = load_or_make(platform.settings.issuer_data)
    address = platform.settings.url("issuer")
    now, before = (Issuer(address, AUDIENCE, key, clock) for clock in (system_clock, _long_ago))
    found = [Actor("visitor"), Actor("nothing", None, 0, now.token(_nothing())), _expired(before)]
    two_of_each = (Role.SUBMITTER, Role.GEMEENTE, Role.PARTNER, Role.PUBLISHER, Role.SUBSCRIBER)
    found += [_one_of_two(role, number, organisations, now) for number in (1, 2) for role in two_of_each]
    for name, role in {
        "programme-manager": Role.PROGRAMME_MANAGER,
        "operator": Role.OPERATOR,
        "board-1": Role.BOARD_MEMBER,
        "board-2": Role.BOARD_MEMBER,
    }.items():
        wanted = Wanted((role,), subject_of(name), None, None)
        found.append(Actor(name, role, 0, now.token(wanted), wanted.subject, has_seat=name == "board-1"))
    stranger = Wanted((Role.PUBLISHER,), subject_of("stranger"), None, None, "niet-aangemeld")
    found.append(Actor("stranger", Role.PUBLISHER, 0, now.token(stranger), stranger.subject, is_declared=False))
    return {actor.name: actor for actor in found}


def _one_of_two(role: Role, number: int, organisations: Mapping[str, UUID], issuer: Issuer) -> Actor:
    name = f"{role}-{number}"
    client = {Role.PUBLISHER: PUBLISHERS, Role.SUBSCRIBER: SUBSCRIBERS}.get(role, {}).get(number)
    gemeente = GEMEENTEN[number] if role is Role.GEMEENTE else None
    wanted = Wanted((role,), subject_of(name), gemeente, organisations.get(name), client)
    return Actor(name, role, number, issuer.token(wanted), wanted.subject)


def _nothing() -> Wanted:
    return Wanted((), subject_of("nothing"), GEMEENTEN[1], UUID(int=1), PUBLISHERS[1])


def _expired(issuer: Issuer) -> Actor:
    wanted = Wanted(tuple(Role), subject_of("expired"), GEMEENTEN[1], UUID(int=1), PUBLISHERS[1])
    return Actor("expired", None, 0, issuer.token(wanted), wanted.subject, expired=True)


def _long_ago() -> datetime:
    return system_clock() - LONG_AGO
