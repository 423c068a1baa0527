"""Somebody who worked with all four services is erased from them: on the command line and over HTTP."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.demo.places import Places
from deploy.local.settings import ROOT, SERVICES
from shared.clock import day_of, system_clock
from tests.platform import Platform

Json = dict[str, Any]
NAME = "Noor van Vergeten"
WHERE = {"submission": "/projects", "assessment": "/board-members", "matching": "/adoptions", "impact": "/indicators"}
BY_COMMAND, BY_HTTP = SERVICES[0], SERVICES[1:]


@dataclass(frozen=True)
class Wire:
    """The services as clients reach them; no answer may contain this login."""

    http: httpx.AsyncClient
    places: Places
    login: str

    async def token(self, *roles: str, **claims: str) -> dict[str, str]:
        """A header with a token of the platform's issuer."""
        answer = await self.http.post(f"{self.places.issuer}/token", data={"role": list(roles), **claims})
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    async def ask(self, who: dict[str, str], service: str, method: str, path: str, body: object = None) -> Json:
        """What is answered."""
        address = f"{self.places.services[service]}/v1{path}"
        answer = await self.http.request(method, address, headers={**who, "Idempotency-Key": str(uuid4())}, json=body)
        assert answer.is_success, answer.text
        assert self.login not in answer.text
        told: Json = answer.json()
        return told


@pytest.fixture
def login() -> str:
    return f"noor.{uuid4()}@voorbeeld.nl"


async def erased_by_command(platform: Platform, service: str, login: str) -> str:
    """What the command prints, which is told the login when it asks for it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "deploy.local", "ask", service, "persons", "erase", "--reason", "op verzoek", "--actor", "operator"),
        cwd=ROOT,
        env={**os.environ, **platform.variables},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate(f"{login}\n".encode())
    assert process.returncode == 0, printed.decode()
    return printed.decode()


async def tables_with(platform: Platform, service: str, *words: str) -> set[str]:
    """In which tables of a service one of these stands, kept answers included."""
    found = set()
    async with platform.database(service) as connection:
        tables = await connection.fetch(
            "select table_name from information_schema.tables where table_schema = $1", service
        )
        for (table,) in map(tuple, tables):
            text = "t::text || coalesce(convert_from(t.body, 'UTF8'), '')" if table == "idempotency" else "t::text"
            sql = f"select exists (select 1 from {table} t, unnest($1::text[]) w where position(w in {text}) > 0)"
            if await connection.fetchval(sql, list(words)):
                found.add(table)
    return found


async def persons(platform: Platform, service: str, login: str) -> set[str]:
    """Who has this login."""
    return {str(row["id"]) for row in await platform.fetch(service, "select id from person where subject = $1", login)}


def seat_of(login: str) -> Json:
    """A seat in the board that ended yesterday."""
    yesterday = (day_of(system_clock()) - timedelta(days=1)).isoformat()
    affiliations = [{"organisation": str(uuid4())}]
    about = {"subject": login, "name": NAME, "seat": "vng", "affiliations": affiliations}
    return {**about, "since": yesterday, "until": yesterday}


async def test_login_and_name_are_nowhere_and_all_goes_on(platform: Platform, login: str) -> None:
    async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
        wire = Wire(http, platform.places, login)
        everything = ("gemeente", "submitter", "board-member")
        noor = await wire.token(*everything, subject=login, gemeente="GM0518", organisation=str(uuid4()))
        manager, operator = await wire.token("programme-manager"), await wire.token("operator")
        seated = await wire.ask(manager, "assessment", "POST", "/board-members", seat_of(login))
        project = await wire.ask(
            noor, "submission", "POST", "/projects", {"title": "Een project van iemand die weggaat"}
        )
        for service, path in WHERE.items():
            await wire.ask(noor, service, "GET", path)
        before = {service: await persons(platform, service, login) for service in SERVICES}
        assert [len(ids) for ids in before.values()] == [1, 1, 1, 1]

        assert login not in (await erased_by_command(platform, BY_COMMAND, login)).replace(f": {login}", "")
        for service in BY_HTTP:
            erasure = {"subject": login, "reason": "verzoek"}
            await wire.ask(operator, service, "POST", "/operations/persons/erasures", erasure)
        assert {service: await tables_with(platform, service, login, NAME) for service in SERVICES} == {
            service: set() for service in SERVICES
        }
        log_files = [program.daemon.log_file for program in platform.stack.programs]
        assert [file for file in log_files if login in file.read_text(encoding="utf-8", errors="replace")] == []

        board = await wire.ask(manager, "assessment", "GET", "/board-members?limit=100")
        assert [m["name"] for m in board["items"] if m["id"] == seated["id"]] == [None]
        assert (await wire.ask(noor, "submission", "GET", f"/projects/{project['id']}"))["id"] == project["id"]

        for service in BY_HTTP:  # a replica that was not asked remembers a login for a minute
            await wire.ask(noor, service, "GET", WHERE[service])
            assert len(await persons(platform, service, login) - before[service]) == 1
