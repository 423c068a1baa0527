"""The realm that Keycloak begins with knows our roles, and everybody whom access.yaml declares, and nobody else."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from deploy.keycloak.__main__ import wanted
from deploy.keycloak.clients import client_of
from deploy.local.settings import ROOT
from shared.access import read_access
from shared.web.logins import ROLES, Role

ACCESS = read_access(ROOT / "deploy" / "kafka" / "access.yaml")
TEXT = (ROOT / "deploy" / "keycloak" / "realm.json").read_text(encoding="utf-8")
REALM: Mapping[str, Any] = json.loads(TEXT)
CLIENTS: Mapping[str, Mapping[str, Any]] = {client["clientId"]: client for client in REALM["clients"]}
SYSTEMS = {
    **dict.fromkeys(ACCESS.publishers, Role.PUBLISHER),
    **dict.fromkeys(ACCESS.subscribers, Role.SUBSCRIBER),
}


def claims(client: Mapping[str, Any]) -> set[str]:
    """What its mappers put into an access token."""
    configs = [
        mapper["config"] for mapper in client["protocolMappers"] if mapper["config"]["access.token.claim"] == "true"
    ]
    return {config.get("claim.name") or f"aud={config['included.custom.audience']}" for config in configs}


def test_it_knows_every_role_of_the_platform_and_no_other() -> None:
    assert {role["name"] for role in REALM["roles"]["realm"]} == set(ROLES)


def test_everybody_who_is_declared_has_a_client_and_nobody_else_but_the_portal() -> None:
    assert CLIENTS.keys() == {"portal", *SYSTEMS}


@pytest.mark.parametrize("name", sorted(SYSTEMS))
def test_a_system_gets_tokens_in_its_own_name_with_the_role_that_it_is_declared_with(name: str) -> None:
    client = CLIENTS[name]
    assert client["serviceAccountsEnabled"]
    assert not client["standardFlowEnabled"]
    accounts = [user for user in REALM["users"] if user["serviceAccountClientId"] == name]
    assert [account["realmRoles"] for account in accounts] == [[SYSTEMS[name]]]
    assert claims(client) == {"roles", "aud=${OIDC_AUDIENCE}"}


def test_a_client_that_is_made_later_is_as_those_of_the_file() -> None:
    for name in SYSTEMS:
        assert client_of(name, CLIENTS[name]["secret"], "${OIDC_AUDIENCE}") == CLIENTS[name]
    assert wanted() == SYSTEMS


def test_people_come_in_through_the_portal_with_a_code_and_pkce_and_bear_their_gemeente_and_organisation() -> None:
    portal = CLIENTS["portal"]
    assert portal["standardFlowEnabled"]
    assert not portal["serviceAccountsEnabled"]
    assert portal["attributes"]["pkce.code.challenge.method"] == "S256"
    assert not any("*" in address for address in portal["redirectUris"])
    assert claims(portal) == {"roles", "gemeente", "organisation", "aud=${OIDC_AUDIENCE}"}


def test_no_client_is_public_or_takes_a_password_of_somebody() -> None:
    for client in CLIENTS.values():
        assert not client["publicClient"]
        assert not client["directAccessGrantsEnabled"]
        assert not client["implicitFlowEnabled"]


def test_a_secret_is_never_written_here_but_comes_from_the_file_of_that_name() -> None:
    for name, client in CLIENTS.items():
        assert client["secret"] == f"${{SECRET_{name.upper().replace('-', '_')}}}"
    assert set(re.findall(r'"(?:secret|value)": "([^$][^"]*)"', TEXT)) == set()


def test_there_is_nobody_in_it_and_nobody_can_say_of_themselves_for_whom_they_speak() -> None:
    assert all(user["username"].startswith("service-account-") for user in REALM["users"])
    assert not REALM["registrationAllowed"]
    (provider,) = REALM["components"]["org.keycloak.userprofile.UserProfileProvider"]
    profile = json.loads(provider["config"]["kc.user.profile.config"][0])
    edited_by = {attribute["name"]: attribute["permissions"]["edit"] for attribute in profile["attributes"]}
    assert edited_by["gemeente"] == edited_by["organisation"] == edited_by["username"] == ["admin"]
    assert "unmanagedAttributePolicy" not in profile
