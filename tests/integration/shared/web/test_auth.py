"""Who comes in, and as whom."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from deploy.issuer.app import issuer_app
from deploy.issuer.tokens import Issuer, Wanted
from shared.storage import Database
from shared.web.discovery import IssuerAddress
from shared.web.keys import ASK_AGAIN_AFTER, REFRESH_AFTER, IssuerAway
from shared.web.logins import Role, Unauthenticated
from shared.web.people import person_of
from shared.web.tokens import Verifier

if TYPE_CHECKING:
    from tests.integration.shared.web.conftest import Acting, Client
    from tests.integration.shared.web.fronts import Hand

ADDRESS = "http://issuer.test"
AUDIENCE = "schuldhulpprojecten"
OPERATOR = Wanted.of({"role": ["operator"], "subject": ["iemand"]})


class Front:
    """The issuer's address: it counts, goes away and comes back, and another issuer may stand behind it."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self.asked = 0
        self.is_away = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        self.asked += 1
        if self.is_away:
            raise httpx.ConnectError("away")
        await issuer_app(self.issuer)(scope, receive, send)


@pytest.fixture
def front(issuer: Issuer) -> Front:
    return Front(issuer)


@pytest.fixture
async def fresh(front: Front, clock: Hand) -> AsyncIterator[Verifier]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(front)) as http:
        yield Verifier(IssuerAddress(ADDRESS, f"{ADDRESS}/jwks"), AUDIENCE, http, clock)


def claims(clock: Hand, **other: object) -> dict[str, Any]:
    now = int(clock().timestamp())
    usual = {"iss": ADDRESS, "aud": AUDIENCE, "sub": "iemand", "roles": ["operator"], "exp": now + 600}
    return {name: value for name, value in {**usual, **other}.items() if value is not None}


def signed(key: ECKey, content: dict[str, Any], **header: object) -> str:
    return jwt.encode({"alg": "ES256", "kid": key.thumbprint(), **header}, content, key)


def unsigned(content: dict[str, Any]) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, content)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


async def holds(verifier: Verifier, token: str) -> bool:
    try:
        return bool(await verifier.login_of(token))
    except Unauthenticated:
        return False


async def test_a_good_token_says_who_it_is(fresh: Verifier, signing_key: ECKey, clock: Hand) -> None:
    organisation = uuid4()
    content = claims(clock, roles=["partner", "gemeente", "offline_access"], organisation=str(organisation))
    login = await fresh.login_of(signed(signing_key, content))
    assert (login.subject, login.organisation, login.gemeente) == ("iemand", organisation, None)
    assert login.roles == {Role.PARTNER}  # a gemeente without its code is none, and other systems' roles are not ours


async def test_an_audience_among_others_will_do(fresh: Verifier, signing_key: ECKey, clock: Hand) -> None:
    assert await fresh.login_of(signed(signing_key, claims(clock, aud=["account", AUDIENCE])))


@pytest.mark.parametrize(
    "other",
    [
        {"iss": "http://andere.test"},
        {"iss": None},
        {"aud": "iets-anders"},
        {"aud": None},
        {"aud": []},
        {"exp": None},
        {"exp": "morgen"},
        {"exp": True},
        {"sub": None},
        {"sub": ""},
        {"sub": "é"},
        {"sub": 7},
        {"sub": "x" * 256},
        {"nbf": 2**33},
        {"gemeente": "0518"},
        {"gemeente": ["GM0518"]},
        {"organisation": "x"},
    ],
    ids=str,
)
async def test_a_token_that_says_something_else_does_not_hold(
    fresh: Verifier, signing_key: ECKey, clock: Hand, other: dict[str, object]
) -> None:
    with pytest.raises(Unauthenticated):
        await fresh.login_of(signed(signing_key, claims(clock, **other)))


async def test_a_token_that_somebody_else_signed_does_not_hold(
    fresh: Verifier, signing_key: ECKey, clock: Hand
) -> None:
    forger, rsa, content = ECKey.generate_key("P-256"), RSAKey.generate_key(2048), claims(clock)
    kid = signing_key.thumbprint()
    public = json.dumps(signing_key.as_dict(private=False))
    good = signed(signing_key, content)
    head, body, signature = good.split(".")
    forged = {
        "another key with the same id": signed(forger, content, kid=kid),
        "a key of its own, in the header": signed(forger, content, jwk=forger.as_dict(private=False)),
        "none": unsigned(content),
        "none, signature kept": unsigned(content) + signature,
        "the public key as a secret": jwt.encode({"alg": "HS256", "kid": kid}, content, OctKey.import_key(public)),
        "another algorithm than the key's": jwt.encode({"alg": "RS256", "kid": kid}, content, rsa),
        "an algorithm that is not on the list": jwt.encode(
            {"alg": "PS256", "kid": kid}, content, rsa, algorithms=["PS256"]
        ),
        "a changed body": f"{head}.{body[:-2]}AA.{signature}",
        "a changed signature": f"{head}.{body}.{signature[:-4]}AAAA",
        "no signature": f"{head}.{body}.",
        "no token": "x",
        "dots": "..",
        "too long": "x" * 9_000,
        "not ascii": "é.é.é",
    }
    assert [name for name, token in forged.items() if await holds(fresh, token)] == []
    assert await holds(fresh, good)


async def test_a_token_holds_until_it_expires_even_when_remembered(
    fresh: Verifier, issuer: Issuer, front: Front, clock: Hand
) -> None:
    token = issuer.token(OPERATOR)
    assert await fresh.login_of(token) == await fresh.login_of(token)
    clock.turn(timedelta(hours=7, minutes=59))
    assert await fresh.login_of(token)
    clock.turn(timedelta(minutes=2))
    with pytest.raises(Unauthenticated, match="verlopen"):
        await fresh.login_of(token)


async def test_the_issuer_is_asked_once_for_many_tokens(fresh: Verifier, issuer: Issuer, front: Front) -> None:
    tokens = [issuer.token(Wanted.of({"role": ["operator"], "subject": [str(number)]})) for number in range(20)]
    await asyncio.gather(*(fresh.login_of(token) for token in tokens))
    assert front.asked == 1


async def test_unknown_keys_make_us_ask_again_but_not_all_the_time(
    fresh: Verifier, issuer: Issuer, front: Front, clock: Hand
) -> None:
    await fresh.login_of(issuer.token(OPERATOR))
    changed = Issuer(ADDRESS, AUDIENCE, ECKey.generate_key("P-256"), clock)
    front.issuer = changed
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            await fresh.login_of(changed.token(OPERATOR))
    assert front.asked == 1
    clock.turn(ASK_AGAIN_AFTER)
    assert await fresh.login_of(changed.token(OPERATOR))
    assert front.asked == 2


async def test_known_keys_hold_while_the_issuer_is_away(
    fresh: Verifier, issuer: Issuer, front: Front, clock: Hand
) -> None:
    await fresh.login_of(issuer.token(OPERATOR))
    front.is_away = True
    clock.turn(REFRESH_AFTER * 2)
    assert await fresh.login_of(issuer.token(OPERATOR))


async def test_a_withdrawn_key_is_trusted_no_longer_than_the_refresh(
    fresh: Verifier, issuer: Issuer, front: Front, clock: Hand
) -> None:
    token = issuer.token(OPERATOR)
    await fresh.login_of(token)
    front.issuer = Issuer(ADDRESS, AUDIENCE, ECKey.generate_key("P-256"), clock)
    clock.turn(REFRESH_AFTER)
    with pytest.raises(Unauthenticated):
        await fresh.login_of(token)


async def test_without_any_key_it_cannot_be_told(fresh: Verifier, issuer: Issuer, front: Front, clock: Hand) -> None:
    front.is_away = True
    with pytest.raises(IssuerAway):
        await fresh.login_of(issuer.token(OPERATOR))
    front.is_away = False
    clock.turn(ASK_AGAIN_AFTER)
    assert await fresh.login_of(issuer.token(OPERATOR))


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic eDp5", "x", "Bearer x y"])
async def test_a_header_that_is_no_token_is_refused_even_where_none_is_needed(nobody: Client, header: str) -> None:
    answer = await nobody.ask("GET", "/v1/odd/clock", headers={"Authorization": header})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert answer.headers["api-version"]


async def test_without_a_token_one_is_asked_for_it(nobody: Client) -> None:
    answer = await nobody.ask("POST", "/v1/counters", json={})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="schuldhulpprojecten"'
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_token_in_the_address_is_no_token(nobody: Client, issuer: Issuer) -> None:
    token = issuer.token(OPERATOR)
    assert (await nobody.ask("GET", f"/v1/odd/writes?access_token={token}")).status_code == 401


async def test_another_role_is_told_whose_this_is_before_its_body_is_judged(acting: Acting) -> None:
    answer = await acting("operator").ask("POST", "/v1/counters", json={"wrong": 1})
    assert answer.status_code == 403
    assert "gemeente" in answer.json()["detail"]


async def test_a_person_keeps_one_id_that_is_not_their_login(acting: Acting, database: Database, clock: Hand) -> None:
    client = acting("operator", subject="piet@voorbeeld.nl")
    asked = [client.ask("GET", "/v1/odd/clock") for _ in range(8)]
    persons = {answer.json()["person"] for answer in await asyncio.gather(*asked)}
    clock.turn(timedelta(minutes=5))
    persons.add((await client.ask("GET", "/v1/odd/clock")).json()["person"])
    async with database.transaction() as tx:
        persons.add(str(await person_of(tx, "piet@voorbeeld.nl")))
    assert len(persons) == 1


async def test_who_was_erased_comes_back_as_somebody_else(acting: Acting, database: Database, clock: Hand) -> None:
    client = acting("operator", subject="weg@voorbeeld.nl")
    before = (await client.ask("GET", "/v1/odd/clock")).json()["person"]
    async with database.transaction() as tx:
        await tx.execute("update person set subject = null where subject = 'weg@voorbeeld.nl'")
    clock.turn(timedelta(minutes=2))
    after = (await client.ask("GET", "/v1/odd/clock")).json()["person"]
    assert before != after
