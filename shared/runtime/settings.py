"""What an operator sets: environment variables, with a file for each secret (12-factor)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import Field, StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict

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


class Settings(BaseSettings):
    """One service's settings. A variable has the field's name in capitals: DATABASE_HOST."""

    model_config = SettingsConfigDict(use_attribute_docstrings=True)

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
    database_connections: Annotated[int, Field(ge=4, le=200)] = 10
    """How many connections a replica opens at most."""
    kafka_servers: str
    """Where Kafka is: host:port, with commas between them."""
    http_host: str = "127.0.0.1"
    """The address to listen on."""
    http_port: Annotated[int, Field(ge=1, le=65535)] = 8000
    """The port to listen on."""
    oidc_issuer: str
    """Who gives the tokens, as their `iss` says it."""
    oidc_jwks_url: str
    """Where the issuer's keys are."""
    oidc_audience: str = "schuldhulpprojecten"
    """For whom the tokens are, as their `aud` says it."""
    oin: Annotated[str, StringConstraints(pattern=r"^\d{20}$")] = TEST_OIN
    """Who runs this: the organisation's number, part of every event's `source`. Test numbers begin with 00000099."""
    told_days: Annotated[int, Field(ge=1, le=3650)] = 35
    """For how many days what was told is kept, to tell it again."""
    batch_records: Annotated[int, Field(ge=1, le=2000)] = 500
    """How many records are heard in one transaction at most."""
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

    def _login(self, role: str, password: str) -> str:
        place = f"{self.database_host}:{self.database_port}/{quote(self.database_name, safe='')}"
        return f"postgresql://{role}:{quote(password, safe='')}@{place}"

    def source(self, service: str) -> str:
        """The CloudEvents `source` of what a service says (NL GOV profile)."""
        return f"urn:nld:oin:{self.oin}:systeem:{service}"
