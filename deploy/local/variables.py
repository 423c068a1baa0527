"""The environment that the runner gives to what it starts: to each no more than it needs."""

import os

from deploy.local.ports import HOST
from deploy.local.settings import Settings

SECRETS = (
    "DATABASE_ADMIN_PASSWORD_FILE",
    "DATABASE_OWNER_PASSWORD_FILE",
    "DATABASE_PASSWORD_DIR",
    "DATABASE_PASSWORD_FILE",
)
MIGRATE = "migrate"


def for_setup(settings: Settings) -> dict[str, str]:
    """The set-up makes the roles: it alone has the superuser's password, and those of all roles."""
    return {
        **_everywhere(settings),
        **_stores(settings),
        "DATABASE_ADMIN_PASSWORD_FILE": str(settings.data / "postgres" / "superuser-password"),
        "DATABASE_PASSWORD_DIR": str(settings.passwords),
    }


def for_service(settings: Settings, name: str) -> dict[str, str]:
    """A service has the password of its own role, and no other."""
    return {
        **_everywhere(settings),
        **_stores(settings),
        **_http(settings, name),
        "DATABASE_PASSWORD_FILE": str(settings.passwords / name),
    }


def for_operator(settings: Settings, name: str, command: str | None) -> dict[str, str]:
    """An operator has what the service has; to migrate its schema, the password of the schema's owner too."""
    own = for_service(settings, name)
    if command != MIGRATE:
        return own
    return {**own, "DATABASE_OWNER_PASSWORD_FILE": str(settings.passwords / f"{name}_owner")}


def for_issuer(settings: Settings) -> dict[str, str]:
    """The issuer has its own keys; it reaches neither Postgres nor Kafka."""
    return {**_everywhere(settings), **_http(settings, "issuer"), "ISSUER_DATA_DIR": str(settings.issuer_data)}


def _everywhere(settings: Settings) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if name not in SECRETS}
    return {
        **own,
        "PYTHONUNBUFFERED": "1",
        "ENVIRONMENT": "development",
        "LOG_LEVEL": settings.log_level,
        "OIDC_ISSUER": settings.url("issuer"),
        "OIDC_JWKS_URL": f"{settings.url('issuer')}/jwks",
        "OIDC_AUDIENCE": "schuldhulpprojecten",
    }


def _stores(settings: Settings) -> dict[str, str]:
    return {
        "DATABASE_HOST": HOST,
        "DATABASE_PORT": str(settings.port("postgres")),
        "DATABASE_NAME": "platform",
        "KAFKA_SERVERS": settings.kafka_servers,
    }


def _http(settings: Settings, name: str) -> dict[str, str]:
    return {"HTTP_HOST": HOST, "HTTP_PORT": str(settings.port(name))}
