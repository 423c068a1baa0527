"""What an operator sets: environment variables, with a file for each secret (12-factor)."""

from __future__ import annotations

import ssl
from functools import partial
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import Field, StringConstraints, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.feeds.outbound import Allowed
from shared.feeds.outbound_addresses import networks
from shared.messaging.brokers import Brokers, Login
from shared.web.discovery import IssuerAddress

TEST_OIN = "00000099000000000001"


class NoSecret(Exception):
    """A password that cannot be read. The message names the variable and the file, never what is in it."""


def secret(file: Path, variable: str) -> str:
    """What stands in a secret's file. `variable` names the file. Raises: NoSecret."""
    try:
        content = file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise NoSecret(f"{variable}: {file} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise NoSecret(f"{variable}: {file} is not text.") from None
    if not content:
        raise NoSecret(f"{variable}: {file} is empty.")
    return content


class KafkaSettings(BaseSettings):
    """Where Kafka is, and as whom we come to it."""

    model_config = SettingsConfigDict(use_attribute_docstrings=True)

    kafka_servers: str
    """Where Kafka is: host:port, with commas between them."""
    kafka_security: Literal["PLAINTEXT", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """PLAINTEXT (it asks nobody who they are), SASL_PLAINTEXT (user and password), or SASL_SSL (those, and encrypted)."""
    kafka_user: str | None = None
    """Its user (SCRAM-SHA-512), unless KAFKA_SECURITY is PLAINTEXT."""
    kafka_password_file: Path | None = None
    """The file with that user's password."""
    kafka_ca_file: Path | None = None
    """For SASL_SSL: the certificates that Kafka's must be signed with (PEM). If not set, those that the machine trusts."""

    @property
    def brokers(self) -> Brokers:
        """What every client of Kafka is made with. Raises: NoSecret when it could not come in."""
        if self.kafka_security == "PLAINTEXT":
            return Brokers(self.kafka_servers)
        if not self.kafka_user or self.kafka_password_file is None:
            raise NoSecret(
                f"KAFKA_SECURITY is {self.kafka_security}: set KAFKA_USER, and KAFKA_PASSWORD_FILE to the file with its password."
            )
        password = partial(secret, self.kafka_password_file, "KAFKA_PASSWORD_FILE")
        password()
        return Brokers(self.kafka_servers, Login(self.kafka_user, password), self._encryption())

    def _encryption(self) -> ssl.SSLContext | None:
        if self.kafka_security != "SASL_SSL":
            return None
        try:
            return ssl.create_default_context(cafile=self.kafka_ca_file)
        except OSError as error:
            raise NoSecret(f"KAFKA_CA_FILE: {self.kafka_ca_file} holds no certificates ({error.strerror}).") from None


class Settings(KafkaSettings):
    """One service's settings. A variable has the field's name in capitals: DATABASE_HOST."""

    environment: Literal["development", "production"] = "production"
    """development or production."""
    database_host: str = "127.0.0.1"
    """Where Postgres is."""
    database_port: Annotated[int, Field(ge=1, le=65535)] = 5432
    """Its port."""
    database_name: str = "platform"
    """The database that holds the schema."""
    database_password_file: Path
    """The file with the password of the service's role."""
    database_owner_password_file: Path | None = None
    """Only for `migrate`: the file with the password of the schema's owner."""
    database_verifier_password_file: Path | None = None
    """Only to compare services (`verify`, and four times an hour): the file with the password of the role verifier."""
    database_connections: Annotated[int, Field(ge=4, le=200)] = 10
    """How many connections a replica opens at most."""
    http_host: str = "127.0.0.1"
    """The address to listen on."""
    http_port: Annotated[int, Field(ge=1, le=65535)] = 8000
    """The port to listen on."""
    public_path: Annotated[str, StringConstraints(pattern=r"^(/[a-z0-9-]+)*$")] = ""
    """Under which path a proxy serves it, such as /matching: addresses in answers begin with it. The proxy takes it off."""
    oidc_issuer: str
    """Who gives the tokens, as their `iss` says it."""
    oidc_jwks_url: str | None = None
    """Where the issuer's keys are. If not set, the issuer's discovery document says so."""
    oidc_discovery_url: str | None = None
    """Where the issuer's discovery document is, if services reach it elsewhere than at /.well-known under OIDC_ISSUER."""
    oidc_audience: str = "schuldhulpprojecten"
    """For whom the tokens are, as their `aud` says it."""
    oin: Annotated[str, StringConstraints(pattern=r"^\d{20}$")] = TEST_OIN
    """Who runs this: the organisation's number, part of every event's `source`. Test numbers begin with 00000099."""
    access_file: Path = Path("deploy/kafka/access.yaml")
    """Who outside may publish, and subscribe. It is read again when it changes."""
    publishing_most_waiting: Annotated[int, Field(ge=1, le=1_000_000)] = 50_000
    """With more events than this still to be told, outside systems are asked to come back later."""
    told_days: Annotated[int, Field(ge=1, le=3650)] = 35
    """For how many days what was told is kept, to tell it again."""
    batch_records: Annotated[int, Field(ge=1, le=2000)] = 500
    """How many records are heard in one transaction at most."""
    stalled_seconds: Annotated[float, Field(ge=5, le=3600)] = 90
    """How long a partition, the consumer or the relay may stand still while Kafka and Postgres answer; then it ends."""
    stream_heartbeat_seconds: Annotated[float, Field(ge=0.1, le=60)] = 15
    """How often a reader of a stream to whom nothing was told hears that it is still open."""
    streams_per_client: Annotated[int, Field(ge=1, le=10_000)] = 20
    """How many streams and long polls one client (an address, a system or a person) may have open in a replica."""
    streams: Annotated[int, Field(ge=1, le=100_000)] = 1_000
    """How many streams and long polls may be open in a replica."""
    webhook_allowed_networks: str = ""
    """Networks of your own that webhooks may be sent into, such as 10.1.0.0/16,fd00::/8: otherwise only the public internet."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""

    @classmethod
    def explained(cls) -> list[str]:
        """Each variable, whether it is needed or what it is otherwise, and its meaning."""
        return [
            f"{name.upper()} ({'needed' if field.is_required() else field.default or 'not set'}): {field.description}"
            for name, field in cls.model_fields.items()
        ]

    def dsn(self, role: str) -> str:
        """Where this role logs in. Raises: NoSecret."""
        return self._login(role, secret(self.database_password_file, "DATABASE_PASSWORD_FILE"))

    def owner_dsn(self, service: str) -> str:
        """Where the owner of a service's schema logs in. Raises: NoSecret."""
        if self.database_owner_password_file is None:
            raise NoSecret("DATABASE_OWNER_PASSWORD_FILE is not set: the owner of the schema needs its password.")
        password = secret(self.database_owner_password_file, "DATABASE_OWNER_PASSWORD_FILE")
        return self._login(f"{service}_owner", password)

    def verifier_dsn(self) -> str:
        """Where the role that compares services logs in. Raises: NoSecret."""
        if self.database_verifier_password_file is None:
            raise NoSecret(
                "DATABASE_VERIFIER_PASSWORD_FILE is not set: comparing services needs the verifier's password."
            )
        return self._login("verifier", secret(self.database_verifier_password_file, "DATABASE_VERIFIER_PASSWORD_FILE"))

    def _login(self, role: str, password: str) -> str:
        place = f"{self.database_host}:{self.database_port}/{quote(self.database_name, safe='')}"
        return f"postgresql://{role}:{quote(password, safe='')}@{place}"

    @field_validator("webhook_allowed_networks")
    @classmethod
    def _are_networks(cls, text: str) -> str:
        networks(text)
        return text

    @property
    def allowed(self) -> Allowed:
        """Whom subscribers may have us send to. In development http without TLS will do."""
        return Allowed(networks(self.webhook_allowed_networks), plain=self.environment == "development")

    @property
    def issuer(self) -> IssuerAddress:
        """Who gives the tokens, and where to ask for the keys. An empty variable is one that is not set."""
        return IssuerAddress(self.oidc_issuer, self.oidc_jwks_url or None, self.oidc_discovery_url or None)

    def source(self, service: str) -> str:
        """The CloudEvents `source` of what a service says (NL GOV profile)."""
        return f"urn:nld:oin:{self.oin}:systeem:{service}"
