"""What an operator reads of the job: each change in a line, and in one sentence what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from deploy import topics
from deploy.access.__main__ import main
from deploy.access.model import outsiders_topics
from deploy.access.settings import AccessSettings
from deploy.local.ports import HOST
from shared.access import read_access
from tests.ports import free_port
from tests.secured import Secured, with_topics
from tests.servers import KafkaServer
from tests.topics import administering, delete_topics

TEXT = "subscribers: [{name: commanded}]"
Monkey = pytest.MonkeyPatch
Captured = pytest.CaptureFixture[str]


@pytest.fixture
async def variables(secured_kafka: Secured) -> dict[str, str]:
    """The job's environment, with nobody declared but the services."""
    await with_topics(secured_kafka)
    await secured_kafka.apply("{}")
    given = secured_kafka.settings().model_dump()
    names = (
        "kafka_servers", "kafka_security", "kafka_user", "kafka_password_file", "access_password_dir", "access_file",
    )  # fmt: skip
    return {name.upper(): str(given[name]) for name in names}


async def said(monkeypatch: Monkey, capsys: Captured, variables: Mapping[str, str], *arguments: str) -> list[str]:
    """The lines that it prints. Raises: SystemExit."""
    for name in AccessSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    capsys.readouterr()
    await asyncio.to_thread(main, ["apply", *arguments])
    printed = capsys.readouterr()
    assert printed.err == ""
    return [line for line in printed.out.splitlines() if not line.startswith(" ")]


async def test_each_change_is_a_line_and_the_second_time_there_is_nothing_to_change(
    secured_kafka: Secured, variables: dict[str, str], monkeypatch: Monkey, capsys: Captured
) -> None:
    (secured_kafka.folder / "access.yaml").write_text(TEXT)
    file = secured_kafka.folder / "passwords" / "commanded"

    file.unlink(missing_ok=True)
    told = await said(monkeypatch, capsys, variables, "--make-passwords", "--dry-run")
    done = await said(monkeypatch, capsys, variables, "--make-passwords")
    assert told == [*done[:-1], "dry run, nothing was changed: 3 changes"]
    assert done[0] == f"+ password {file}"
    assert done[1:] == [
        "+ user commanded",
        "+ commanded may READ topic nl.schuldhulpprojecten.releases",
        "+ commanded may READ groups that begin with commanded.",
        "3 changes",
    ]
    kept = [file, *secured_kafka.kafka.folder.glob("*.properties"), *secured_kafka.kafka.folder.glob("*.arguments")]
    assert [path.name for path in kept] == ["commanded", "server.properties"], "what was made with a password is gone"
    assert not any(path.stat().st_mode & 0o077 for path in kept)
    assert file.read_text() not in "".join(done)
    assert await said(monkeypatch, capsys, variables) == ["nothing to change"]

    (secured_kafka.folder / "access.yaml").write_text("{}")
    told = await said(monkeypatch, capsys, variables, "--dry-run")
    assert told[-1] == "dry run, nothing was changed: 3 changes"
    assert await said(monkeypatch, capsys, variables) == [*told[:-1], "3 changes"]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"KAFKA_SECURITY": "SSL"}, r"These settings are missing or wrong: KAFKA_SECURITY\.$"),
        ({"KAFKA_USER": ""}, r"KAFKA_SECURITY is SASL_PLAINTEXT: set KAFKA_USER"),
        ({"ACCESS_FILE": "/nowhere.yaml"}, r"/nowhere.yaml cannot be read"),
        ({"ACCESS_PASSWORD_DIR": "/nowhere"}, r"/nowhere \(ACCESS_PASSWORD_DIR\) has no password for submission, "),
        ({"KAFKA_SERVERS": f"{HOST}:{free_port()}"}, r"Kafka refused: .*127.0.0.1"),
    ],
)
async def test_what_is_wrong_is_said_in_one_sentence(
    variables: dict[str, str], monkeypatch: Monkey, capsys: Captured, changed: dict[str, str], sentence: str
) -> None:
    monkeypatch.setattr(topics, "WAIT_SECONDS", 0.0)
    with pytest.raises(SystemExit, match=sentence):
        await said(monkeypatch, capsys, {**variables, **changed})


async def test_a_password_of_the_administrator_that_does_not_fit_is_told_from_a_kafka_that_is_away(
    secured_kafka: Secured, variables: dict[str, str], tmp_path: Path, monkeypatch: Monkey, capsys: Captured
) -> None:
    monkeypatch.setattr(topics, "WAIT_SECONDS", 0.0)
    (tmp_path / "wrong").write_text("another")
    with pytest.raises(SystemExit, match=r"does not let admin in: is it declared, and is this its password\?"):
        await said(monkeypatch, capsys, {**variables, "KAFKA_PASSWORD_FILE": str(tmp_path / "wrong")})


async def test_a_user_that_is_no_super_user_is_told_so(
    secured_kafka: Secured, variables: dict[str, str], monkeypatch: Monkey, capsys: Captured
) -> None:
    impact = {"KAFKA_USER": "impact", "KAFKA_PASSWORD_FILE": str(secured_kafka.folder / "passwords" / "impact")}
    with pytest.raises(
        SystemExit, match=r"KAFKA_USER may not change users and rights: name it in Kafka's super.users."
    ):
        await said(monkeypatch, capsys, {**variables, **impact})


async def test_where_kafka_asks_nobody_who_they_are_topics_are_made_and_nothing_else(
    kafka: KafkaServer, tmp_path: Path, monkeypatch: Monkey, capsys: Captured
) -> None:
    file = tmp_path / "access.yaml"
    file.write_text("publishers: [{name: plain, oin: '00000099000000010002', publishes: [{event: funding-secured}]}]")
    made = [topic.name for topic in outsiders_topics(read_access(file))]
    variables = {"KAFKA_SERVERS": kafka.servers, "ACCESS_FILE": str(file)}
    try:
        assert await said(monkeypatch, capsys, variables) == [
            "+ topic inbound.plain.funding-secured (kept for 24 hours)",
            "+ topic refusals.plain (kept for 720 hours)",
            "2 changes",
        ]
        assert await said(monkeypatch, capsys, variables, "--make-passwords") == ["nothing to change"]
        async with administering(kafka.servers) as admin:
            assert set(made) <= set(await admin.list_topics())
    finally:
        await delete_topics(kafka.servers, made)
