"""The environment that the runner gives to what it starts: to each no more than it needs."""

import os

from deploy.local.guarding import ADMINISTRATOR
from deploy.local.ports import HOST
from deploy.local.settings import GUARDED, Settings

SECRETS = (
    "ACCESS_PASSWORD_DIR",
    "DATABASE_ADMIN_PASSWORD_FILE",
    "DATABASE_OWNER_PASSWORD_FILE",
    "DATABASE_PASSWORD_DIR",
    "DATABASE_PASSWORD_FILE",
    "DATABASE_VERIFIER_PASSWORD_FILE",
    "KAFKA_CA_FILE",
    "KAFKA_PASSWORD_FILE",
    "KAFKA_SECURITY",
    "KAFKA_USER",
)
AS_OWNER = frozenset({"migrate", "rebuild"})


def for_setup(settings: Settings) -> dict[str, str]:
    """The set-up makes the roles: it alone has the superuser's password, and those of all roles. So with Kafka's users."""
    return {
        **_everywhere(settings),
        **_stores(settings),
        **_kafka_user(settings, ADMINISTRATOR),
        "DATABASE_ADMIN_PASSWORD_FILE": str(settings.data / "postgres" / "superuser-password"),
        "DATABASE_PASSWORD_DIR": str(settings.passwords),
        "ACCESS_PASSWORD_DIR": str(settings.kafka_passwords),
    }


def for_service(settings: Settings, name: str) -> dict[str, str]:
    """A service has the password of its own role, and of the one that sees versions and no content."""
    return {
        **_everywhere(settings),
        **_stores(settings),
        **_http(settings, name),
        **_kafka_user(settings, name),
        "DATABASE_PASSWORD_FILE": str(settings.passwords / name),
        "DATABASE_VERIFIER_PASSWORD_FILE": str(settings.passwords / "verifier"),
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8,::1/128",  # a receiver under development listens on this machine
    }


def for_operator(settings: Settings, name: str, command: str | None) -> dict[str, str]:
    """An operator has what the service has; to migrate or rebuild, the password of the schema's owner too."""
    own = for_service(settings, name)
    if command not in AS_OWNER:
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


def _kafka_user(settings: Settings, name: str) -> dict[str, str]:
    if not settings.secured:
        return {}
    password = str(settings.kafka_passwords / name)
    return {"KAFKA_SECURITY": GUARDED, "KAFKA_USER": name, "KAFKA_PASSWORD_FILE": password}


def _http(settings: Settings, name: str) -> dict[str, str]:
    return {"HTTP_HOST": HOST, "HTTP_PORT": str(settings.port(name))}
