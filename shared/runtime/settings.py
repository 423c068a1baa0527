"""What an operator sets: environment variables, with a file for each secret (12-factor)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import Field, StringConstraints
from pydantic_settings import BaseSettings

TEST_OIN = "00000099000000000001"


class Settings(BaseSettings):
    """One service's settings. A variable has the field's name in capitals: DATABASE_HOST."""

    environment: Literal["development", "production"] = "production"
    database_host: str = "127.0.0.1"
    database_port: Annotated[int, Field(ge=1, le=65535)] = 5432
    database_name: str = "platform"
    database_password_file: Path
    database_owner_password_file: Path | None = None
    """Only for `migrate`: the schema's owner."""
    database_connections: Annotated[int, Field(ge=4, le=200)] = 10
    kafka_servers: str
    http_host: str = "127.0.0.1"
    http_port: Annotated[int, Field(ge=1, le=65535)] = 8000
    oidc_issuer: str
    oidc_jwks_url: str
    oidc_audience: str = "schuldhulpprojecten"
    oin: Annotated[str, StringConstraints(pattern=r"^\d{20}$")] = TEST_OIN
    """Who runs this: the organisation's number, part of every event's `source`. Test numbers begin with 00000099."""
    told_days: Annotated[int, Field(ge=1, le=3650)] = 35
    batch_records: Annotated[int, Field(ge=1, le=2000)] = 500
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    def dsn(self, role: str) -> str:
        """Where this role logs in. Raises: OSError when the password file cannot be read."""
        return self._login(role, self.database_password_file)

    def owner_dsn(self, service: str) -> str:
        """Where the owner of a service's schema logs in. Raises: OSError when it has no readable password file."""
        if self.database_owner_password_file is None:
            raise FileNotFoundError("DATABASE_OWNER_PASSWORD_FILE is not set")
        return self._login(f"{service}_owner", self.database_owner_password_file)

    def _login(self, role: str, password_file: Path) -> str:
        password = quote(password_file.read_text(encoding="utf-8").strip(), safe="")
        return f"postgresql://{role}:{password}@{self.database_host}:{self.database_port}/{self.database_name}"

    def source(self, service: str) -> str:
        """The CloudEvents `source` of what a service says (NL GOV profile)."""
        return f"urn:nld:oin:{self.oin}:systeem:{service}"
