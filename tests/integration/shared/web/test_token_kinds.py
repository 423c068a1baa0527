"""What an issuer signs besides access tokens, and what others sign: none of it holds. Systems get tokens as of any issuer."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from deploy.issuer.tokens import Issuer
from shared.web.discovery import WELL_KNOWN
from shared.web.logins import Role, Unauthenticated
from shared.web.tokens import LEEWAY_S
from tests.integration.shared.web.fronts import AUDIENCE, Front, Place
from tests.ports import free_port


async def test_a_token_of_keycloak_says_who_it_is(place: Place) -> None:
    rsa = RSAKey.generate_key(2048, {"kid": "keycloak-1", "use": "sig", "alg": "RS256"})
    place.publish(
        RSAKey.generate_key(2048, {"kid": "keycloak-2", "use": "enc", "alg": "RSA-OAEP"}).as_dict(private=False),
        rsa.as_dict(private=False),
    )
    organisation, subject = str(uuid4()), str(uuid4())
    told: dict[str, Any] = {
        "sub": subject,
        "typ": "Bearer",
        "azp": "voorbeeld-fonds",
        "client_id": "voorbeeld-fonds",
        "aud": ["account", AUDIENCE],
        "roles": None,
        "realm_access": {"roles": ["publisher", "offline_access", "uma_authorization", 7]},
        "resource_access": {"account": {"roles": ["operator"]}},
        "organisation": organisation,
        "jti": "trrtcc:1",
        "scope": "profile email",
        "acr": "1",
    }
    login = await place.holds(place.signed(rsa, {"typ": "JWT"}, **told))
    assert login is not None
    assert (login.subject, login.client, str(login.organisation)) == (subject, "voorbeeld-fonds", organisation)
    assert login.roles == {Role.PUBLISHER}
    own: dict[str, Any] = {**told, "roles": ["subscriber"]}
    assert (await place.verifier.login_of(place.signed(rsa, **own))).roles == {Role.SUBSCRIBER}


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        ({}, {"typ": "ID"}),
        ({}, {"typ": "Refresh"}),
        ({}, {"typ": "Offline"}),
        ({}, {"typ": "Logout"}),
        ({}, {"at_hash": "x"}),
        ({"typ": "logout+jwt"}, {}),
        ({"typ": "dpop+jwt"}, {}),
        ({"typ": "JOSE"}, {}),
        ({}, {"cnf": {"jkt": "x"}}),
        ({}, {"typ": 7}),
    ],
    ids=str,
)
async def test_what_is_signed_for_something_else_is_no_access_token(
    place: Place, header: dict[str, Any], claims: dict[str, Any]
) -> None:
    with pytest.raises(Unauthenticated, match="access token"):
        await place.verifier.login_of(place.signed(header=header, **claims))


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt", "JWT", "jwt"])
async def test_an_access_token_may_be_called_what_issuers_call_it(place: Place, typ: str) -> None:
    assert await place.holds(place.signed(header={"typ": typ}))


@pytest.mark.parametrize(
    ("claim", "seconds", "holds"),
    [
        ("exp", 1 - LEEWAY_S, True),
        ("exp", -LEEWAY_S, False),
        ("nbf", LEEWAY_S, True),
        ("nbf", LEEWAY_S + 1, False),
        ("iat", LEEWAY_S, True),
        ("iat", LEEWAY_S + 1, False),
    ],
)
async def test_clocks_may_differ_by_half_a_minute(place: Place, claim: str, seconds: int, *, holds: bool) -> None:
    told: dict[str, Any] = {claim: int(place.clock().timestamp()) + seconds}
    assert (await place.holds(place.signed(**told)) is not None) is holds


async def test_a_token_cannot_bring_its_own_key_or_say_where_it_is(place: Place) -> None:
    forger = ECKey.generate_key("P-256")
    kid = place.key.thumbprint()
    other = Front(free_port())
    other.issuer = Issuer(place.front.address, AUDIENCE, forger, place.clock)
    async with other.listening():
        named: list[dict[str, Any]] = [
            {"jku": f"{other.address}/jwks"},
            {"jku": f"{other.address}/jwks", "kid": kid},
            {"x5u": f"{other.address}/jwks", "kid": kid},
            {"jwk": forger.as_dict(private=False), "kid": kid},
            {"x5c": ["MIIB"], "kid": kid},
            {"kid": "../../etc/passwd"},
            {"kid": f"{other.address}/jwks"},
            {"crit": ["b64"], "b64": False},
        ]
        assert [header for header in named if await place.holds(place.signed(forger, header))] == []
    assert other.asked == []
    with_strange_header = place.signed(header={"jku": f"{other.address}/jwks"})
    assert await place.holds(with_strange_header)  # signed by the issuer itself: what the header names is not looked at


async def test_keys_that_are_too_weak_or_for_something_else_are_not_trusted(place: Place) -> None:
    with pytest.warns(UserWarning, match="2048"):
        weak = RSAKey.generate_key(1024, {"kid": "weak"})
    secret = OctKey.import_key("a secret that everybody may read", {"kid": "secret"})
    for_encryption = ECKey.generate_key("P-256", {"kid": "enc", "use": "enc"})
    place.publish(
        weak.as_dict(private=False),
        secret.as_dict(),
        for_encryption.as_dict(private=False),
        {"kty": "RSA", "kid": "torn", "n": 7},
        place.key.as_dict(private=False, kid="good"),
    )
    hmac = jwt.encode({"alg": "HS256", "kid": "secret"}, place.claims(), secret)
    own = {"use": "sig", "kid": "enc"}
    for_both = ECKey.import_key({**for_encryption.as_dict(private=True), **own})
    assert await place.holds(place.signed(weak)) is None
    assert await place.holds(hmac) is None
    assert await place.holds(place.signed(for_both)) is None
    assert await place.holds(place.signed(header={"kid": "good"}))


async def test_a_system_gets_its_token_the_way_it_gets_one_of_any_issuer(place: Place) -> None:
    found = (await place.http.get(place.front.address + WELL_KNOWN)).json()
    form = {"grant_type": "client_credentials", "client_id": "voorbeeld-fonds", "client_secret": "om het even"}
    posted = await place.http.post(found["token_endpoint"], data=form)
    by_header = await place.http.post(
        found["token_endpoint"], data={"grant_type": "client_credentials"}, auth=("voorbeeld-dashboard", "om het even")
    )
    fonds = await place.verifier.login_of(posted.json()["access_token"])
    dashboard = await place.verifier.login_of(by_header.json()["access_token"])
    assert (fonds.client, set(fonds.roles)) == ("voorbeeld-fonds", {Role.PUBLISHER})
    assert (dashboard.client, set(dashboard.roles)) == ("voorbeeld-dashboard", {Role.SUBSCRIBER})


@pytest.mark.parametrize(
    "given",
    [
        {"data": {"client_id": "niemand", "client_secret": "x"}},
        {"data": {"client_id": "voorbeeld-fonds"}},
        {"data": {}},
        {"auth": ("niemand", "x")},
        {"auth": ("voorbeeld-fonds", "")},
        {"headers": {"Authorization": "Basic ***"}},
        {"headers": {"Authorization": "Bearer x"}, "data": {"client_id": "voorbeeld-fonds", "client_secret": "x"}},
    ],
    ids=str,
)
async def test_a_system_that_is_not_declared_gets_no_token(place: Place, given: dict[str, Any]) -> None:
    data = {"grant_type": "client_credentials", **given.pop("data", {})}
    refused = await place.http.post(f"{place.front.address}/token", data=data, **given)
    assert refused.status_code == 401
    assert refused.json()["error"] == "invalid_client"
