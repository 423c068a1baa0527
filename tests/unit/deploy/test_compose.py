"""What docker-compose.yml promises: nothing runs as root, writes where it should not, takes all, or can be reached unasked."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from deploy.access.settings import AccessSettings
from deploy.local.postgres import CHRT, IN_TURN
from deploy.local.settings import OFFSETS, ROLES, ROOT, SERVICES
from deploy.setup import SetupSettings
from shared.access import read_access
from shared.runtime.settings import KafkaSettings, Settings
from tests.performance.stage import AS_IN_COMPOSE

JOBS = {"certs", "setup", "access", "clients", "doctor"}
FROM_OUTSIDE = {"proxy": "8443", "kafka": "19092"}
"""What is published, and its port in the container."""
REACH_OUT = {*FROM_OUTSIDE, "impact"}
"""Who is in the network that leads outside: impact sends webhooks."""
FILES = ("/run/secrets/", "/run/postgres", "/run/kafka", "/run/clients")
SETTLED_HERE = {
    *("DATABASE_HOST", "DATABASE_PORT", "DATABASE_NAME", "DATABASE_ADMIN"),
    *("KAFKA_SERVERS", "KAFKA_SECURITY", "KAFKA_USER", "HTTP_HOST", "HTTP_PORT", "PUBLIC_PATH"),
}
"""What is not passed on from `.env`: Postgres, Kafka and the proxy are those of this file. Nor are files and folders."""
SECRETS = ROOT / "deploy" / "secrets.example"
DOCUMENT: Mapping[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
ALL: Mapping[str, Mapping[str, Any]] = DOCUMENT["services"]
POSTGRES: str = ALL["postgres"]["command"]
IN_PRODUCTION = {name: one for name, one in ALL.items() if "dev" not in one.get("profiles", ())}


@pytest.fixture(params=sorted(ALL))
def container(request: pytest.FixtureRequest) -> Mapping[str, Any]:
    return ALL[request.param]


def test_a_container_cannot_change_itself_nor_become_more_than_it_is(container: Mapping[str, Any]) -> None:
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert not container.get("privileged")
    assert container.get("network_mode") in {None, "none"}


def test_a_container_does_not_run_as_root(container: Mapping[str, Any]) -> None:
    assert container["user"].split(":")[0] not in {"", "0", "root"}


def test_a_container_has_a_limit_of_memory_processors_processes_and_log(container: Mapping[str, Any]) -> None:
    assert re.fullmatch(r"\d+[mg]", container["mem_limit"])
    assert 0 < container["cpus"] <= 2
    assert 0 < container["pids_limit"] <= 512
    assert container["logging"]["options"].keys() == {"max-size", "max-file"}


def test_what_serves_is_watched_and_started_again_and_a_job_is_not() -> None:
    assert {name for name, one in ALL.items() if one["restart"] == "no"} == JOBS
    for name in ALL.keys() - JOBS:
        assert ALL[name]["restart"] == "unless-stopped"
        assert ALL[name]["healthcheck"]["test"], name


def test_only_the_proxy_and_kafka_for_outsiders_can_be_reached() -> None:
    published = {name: one["ports"] for name, one in IN_PRODUCTION.items() if one.get("ports")}
    assert published.keys() == FROM_OUTSIDE.keys()
    for name, (port,) in published.items():
        assert port.startswith("${BIND_ADDRESS:-127.0.0.1}:"), name
        assert port.endswith(f":{FROM_OUTSIDE[name]}"), name
    for one in ALL.values():
        assert all(port.startswith(("127.0.0.1:", "${BIND_ADDRESS:-127.0.0.1}:")) for port in one.get("ports", ()))


def test_everything_else_is_in_a_network_that_leads_nowhere() -> None:
    assert DOCUMENT["networks"]["inside"] == {"internal": True}
    assert {name for name, one in IN_PRODUCTION.items() if "outside" in one.get("networks", ())} == REACH_OUT


def test_every_secret_is_a_file_and_none_stands_in_a_variable() -> None:
    assert all(set(secret) == {"file"} for secret in DOCUMENT["secrets"].values())
    for name, one in ALL.items():
        for variable, value in (one.get("environment") or {}).items():
            if re.search(r"PASSWORD|SECRET|TOKEN|JAAS", variable):
                assert str(value).startswith(("/run/secrets/", "/run/postgres", "/run/kafka", "/run/clients")), (
                    f"{name}: {variable}"
                )


def test_a_service_has_its_own_user_of_postgres_and_kafka_and_no_secret_of_another() -> None:
    for name in SERVICES:
        assert ALL[name]["secrets"] == [name, "verifier", f"kafka_{name}"]
        environment = ALL[name]["environment"]
        assert environment["KAFKA_USER"] == name
        assert environment["KAFKA_PASSWORD_FILE"] == f"/run/secrets/kafka_{name}"
        assert environment["DATABASE_PASSWORD_FILE"] == f"/run/secrets/{name}"
        assert environment["PUBLIC_PATH"] == f"/{name}"
        assert environment["HTTP_PORT"] == str(8100 + OFFSETS[name])
        assert not ALL[name].get("volumes")


def test_every_file_of_a_secret_has_an_example() -> None:
    named = {secret["file"].removeprefix("${SECRETS_DIR}/") for secret in DOCUMENT["secrets"].values()}
    assert [name for name in sorted(named) if not (SECRETS / name).is_file()] == []
    assert {file.name for file in (SECRETS / "postgres").iterdir()} == {"postgres", "keycloak", *ROLES}
    access = read_access(ROOT / "deploy" / "kafka" / "access.yaml")
    outsiders = access.publishers.keys() | access.subscribers.keys()
    assert {file.name for file in (SECRETS / "kafka").iterdir()} == {"admin", "controller", *SERVICES, *outsiders}
    assert {file.name for file in (SECRETS / "clients").iterdir()} == {"portal", *outsiders}


def test_kafka_knows_everybody_and_allows_nothing_that_is_not_granted() -> None:
    kafka = ALL["kafka"]["environment"]
    protocols = dict(pair.split(":") for pair in kafka["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(","))
    assert protocols == {"INTERNAL": "SASL_PLAINTEXT", "CONTROLLER": "SASL_PLAINTEXT", "EXTERNAL": "SASL_SSL"}
    assert kafka["KAFKA_AUTHORIZER_CLASS_NAME"].endswith(".StandardAuthorizer")
    assert kafka["KAFKA_ALLOW_EVERYONE_IF_NO_ACL_FOUND"] == "false"
    assert kafka["KAFKA_SUPER_USERS"] == "User:admin;User:controller"
    assert kafka["KAFKA_SASL_ENABLED_MECHANISMS"] == "SCRAM-SHA-512"
    assert 0 < kafka["KAFKA_CONNECTIONS_MAX_REAUTH_MS"] <= 60_000


def test_the_proxy_passes_on_v1_of_every_service_and_nothing_else_of_it() -> None:
    caddyfile = (ROOT / "deploy" / "caddy" / "Caddyfile").read_text(encoding="utf-8")
    for name in SERVICES:
        assert f"handle /{name}/v1/* {{" in caddyfile
        assert f"reverse_proxy {name}:{8100 + OFFSETS[name]} {{" in caddyfile
    assert "admin off" in caddyfile
    assert "flush_interval -1" in caddyfile
    assert set(re.findall(r"handle(?:_path)? /([a-z]+)", caddyfile)) == {*SERVICES, "auth", "grafana", "docs"}


def test_every_variable_that_compose_asks_for_stands_in_the_example() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    needed = set(re.findall(r"\$\{([A-Z_]+)(?:\}|:\?)", text))
    assert needed <= set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))


@pytest.mark.parametrize(
    ("container", "settings"),
    [("impact", Settings), ("setup", SetupSettings), ("access", AccessSettings)],
    indirect=["container"],
)
def test_a_setting_is_passed_on_and_without_it_is_what_the_code_says(
    container: Mapping[str, Any], settings: type[KafkaSettings]
) -> None:
    fields = {name.upper(): field for name, field in settings.model_fields.items()}
    settable = {name for name in fields.keys() - SETTLED_HERE if not name.endswith(("_FILE", "_DIR"))}
    for name in settable:
        passed = container["environment"].get(name, "")
        assert re.match(rf"\$\{{{name}:?[-?]", passed), name
        if otherwise := re.fullmatch(rf"\$\{{{name}:-([^$]*)\}}", passed):
            assert otherwise[1] == str(fields[name].default or ""), name


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on this machine")
def test_prometheus_itself_takes_its_configuration_and_the_alerts() -> None:
    folder = ROOT / "deploy" / "prometheus"
    for what, file in (("config", "prometheus.yml"), ("rules", "alerts.yml")):
        # The configuration names the alerts where the container has them, so its syntax alone is checked.
        options = ["--syntax-only"] if what == "config" else []
        command = ["promtool", "check", what, *options, str(folder / file)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_benchmark_gives_postgres_what_it_has_here() -> None:
    assert [
        f"-c {name}={value}" for name, value in AS_IN_COMPOSE.items() if f"-c {name}={value} " not in POSTGRES
    ] == []


def test_postgres_waits_for_a_free_core_here_as_it_does_with_the_local_runner() -> None:
    assert ALL["postgres"]["entrypoint"] == ["chrt", "--batch", "0", "docker-entrypoint.sh"]
    assert CHRT is None or list(IN_TURN) == [CHRT, "--batch", "0"]
