"""What the doctor says of what it finds, whatever happens while it looks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.certs.folder import served
from deploy.certs.making import make
from deploy.doctor.__main__ import certificates, secrets
from deploy.doctor.findings import Finding, looked_over
from deploy.setup import SetupSettings


async def broken() -> AsyncIterator[Finding]:
    yield Finding("the first thing")
    raise ValueError("it is on fire")


async def fine() -> AsyncIterator[Finding]:
    yield Finding("something else")


def settings(folder: Path) -> SetupSettings:
    return SetupSettings(
        database_admin_password_file=folder / "postgres", database_password_dir=folder, kafka_servers="nowhere:9092"
    )


async def found_in(findings: AsyncIterator[Finding]) -> list[str]:
    return [str(finding) async for finding in findings]


async def test_what_breaks_while_it_is_looked_at_keeps_nothing_else_from_being_looked_at() -> None:
    found = await looked_over([("a store", broken), ("another", fine)])

    assert [str(finding) for finding in found] == [
        "ok     the first thing",
        "WRONG  a store: it cannot be looked at: ValueError: it is on fire",
        "ok     something else",
    ]


@pytest.mark.parametrize(("environment", "is_wrong"), [("production", True), ("development", False)])
async def test_secrets_of_the_example_are_wrong_in_production_only(
    tmp_path: Path, environment: str, is_wrong: bool
) -> None:
    (tmp_path / "impact").write_text("change-me-postgres-impact", encoding="utf-8")
    (tmp_path / "matching").write_text("F9vXk2", encoding="utf-8")

    (line,) = await found_in(secrets(settings(tmp_path), {"ENVIRONMENT": environment}))

    assert ("WRONG" in line and "impact still has the value of the example" in line) == is_wrong
    assert "F9vXk2" not in line


async def test_certificates_that_end_soon_are_named_with_the_day(tmp_path: Path) -> None:
    hosts = served("localhost", "localhost")
    for made, begins in (("fresh", datetime.now(UTC)), ("old", datetime.now(UTC) - timedelta(days=3_000))):
        (tmp_path / made).mkdir()
        make(tmp_path / made, hosts, begins)

    (fresh,) = await found_in(certificates({"CERTS_FOLDER": str(tmp_path / "fresh")}))
    (old,) = await found_in(certificates({"CERTS_FOLDER": str(tmp_path / "old")}))
    (gone,) = await found_in(certificates({"CERTS_FOLDER": str(tmp_path / "gone")}))

    assert fresh.startswith("ok")
    assert "ended on" in old
    assert "is not there" in gone
    assert await found_in(certificates({})) == []
