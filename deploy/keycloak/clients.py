"""The clients of outsiders in Keycloak, brought to what access.yaml declares: asked over its administration (REST)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import httpx

REALM = "schuldhulpprojecten"
DECLARED = "platform.declared"
"""Marks a client as one that access.yaml declares: only such are ever removed."""

Secret = Callable[[str], str]
"""Gives a client's secret by its name."""


async def apply(
    http: httpx.AsyncClient, wanted: Mapping[str, str], secret: Secret, audience: str, *, dry_run: bool
) -> AsyncIterator[str]:
    """Makes, changes and removes clients so that they are the `wanted` (name -> role), and says each change.

    `http` has the address of the realm's administration and an administrator's token. Raises: httpx.HTTPError, NoSecret.
    """
    secrets = {name: secret(name) for name in wanted}  # what is missing is said before anything is changed
    there = {client["clientId"]: client for client in await _json(http.get("clients", params={"max": 1000}))}
    for name, role in wanted.items():
        client = there.get(name)
        if client is None:
            yield f"+ client {name} ({role})"
            if not dry_run:
                await _make(http, name, role, secrets[name], audience)
            continue
        async for change in _corrected(http, client, role, secrets[name], dry_run=dry_run):
            yield change
    for name, client in there.items():
        if name not in wanted and client.get("attributes", {}).get(DECLARED) == "true":
            yield f"- client {name}"
            if not dry_run:
                (await http.delete(f"clients/{client['id']}")).raise_for_status()


def client_of(name: str, secret: str, audience: str) -> dict[str, Any]:
    """A client that gets tokens in its own name, as those of the realm file are."""
    roles = {"claim.name": "roles", "jsonType.label": "String", "multivalued": "true"}
    return {
        "clientId": name,
        "enabled": True,
        "protocol": "openid-connect",
        "publicClient": False,
        "secret": secret,
        "standardFlowEnabled": False,
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "serviceAccountsEnabled": True,
        "attributes": {DECLARED: "true"},
        "defaultClientScopes": ["basic"],
        "optionalClientScopes": [],
        "protocolMappers": [
            _mapper("roles", "oidc-usermodel-realm-role-mapper", roles),
            _mapper("audience", "oidc-audience-mapper", {"included.custom.audience": audience}),
        ],
    }


def _mapper(name: str, kind: str, config: Mapping[str, str]) -> dict[str, Any]:
    where = {"access.token.claim": "true", "id.token.claim": "false", "userinfo.token.claim": "false"}
    return {"name": name, "protocol": "openid-connect", "protocolMapper": kind, "config": {**config, **where}}


async def _make(http: httpx.AsyncClient, name: str, role: str, secret: str, audience: str) -> None:
    (await http.post("clients", json=client_of(name, secret, audience))).raise_for_status()
    (made,) = await _json(http.get("clients", params={"clientId": name}))
    await _give_role(http, made["id"], role)


async def _corrected(
    http: httpx.AsyncClient, client: Mapping[str, Any], role: str, secret: str, *, dry_run: bool
) -> AsyncIterator[str]:
    """What an administrator may have changed by hand, or an operator in the file, back to what is declared."""
    name, at = client["clientId"], f"clients/{client['id']}"
    changes: dict[str, Any] = {}
    if (await _json(http.get(f"{at}/client-secret"))).get("value") != secret:
        yield f"~ client {name}: its secret"
        changes["secret"] = secret
    if not client["enabled"]:
        yield f"~ client {name}: enabled again"
        changes["enabled"] = True
    if changes and not dry_run:
        (await http.put(at, json={**client, **changes})).raise_for_status()
    account = await _json(http.get(f"{at}/service-account-user"))
    held = {held["name"] for held in await _json(http.get(f"users/{account['id']}/role-mappings/realm"))}
    if role not in held:
        yield f"~ client {name}: role {role}"
        if not dry_run:
            await _give_role(http, client["id"], role)


async def _give_role(http: httpx.AsyncClient, client: str, role: str) -> None:
    account = await _json(http.get(f"clients/{client}/service-account-user"))
    given = [await _json(http.get(f"roles/{role}"))]
    (await http.post(f"users/{account['id']}/role-mappings/realm", json=given)).raise_for_status()


async def _json(asking: Any) -> Any:  # noqa: ANN401 - whatever Keycloak answers
    response: httpx.Response = await asking
    return response.raise_for_status().json()
