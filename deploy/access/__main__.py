"""`python -m deploy.access apply [--dry-run]`: who may do what in Kafka, brought to what is declared (deploy/README.md)."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence

from aiokafka.errors import ClusterAuthorizationFailedError, KafkaError, SecurityDisabled
from pydantic import ValidationError

from deploy.access.applying import apply, quiet
from deploy.access.model import Member
from deploy.access.settings import AccessSettings
from deploy.setup import SERVICES, declared
from shared.access import BadAccess
from shared.runtime.settings import NoSecret
from shared.runtime.starting import spoken_by


def main(arguments: Sequence[str] | None = None) -> None:
    """Ends with one sentence when an operator has to do something."""
    parser = argparse.ArgumentParser(prog="python -m deploy.access", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    applying = commands.add_parser("apply", help="make every change that is needed; again: it finds none")
    applying.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    applying.add_argument(
        "--make-passwords", action="store_true", help="first make one in ACCESS_PASSWORD_DIR for each user without"
    )
    asked = parser.parse_args(arguments)
    quiet()
    try:
        run(AccessSettings(), dry_run=asked.dry_run, make_passwords=asked.make_passwords)
    except ValidationError as error:
        names = ", ".join(sorted({str(fault["loc"][0]).upper() for fault in error.errors()}))
        raise SystemExit(f"These settings are missing or wrong: {names}.") from None
    except (BadAccess, NoSecret) as error:
        raise SystemExit(str(error)) from None
    except SecurityDisabled:
        raise SystemExit(
            "Kafka has no authorizer, so it keeps no rights: set authorizer.class.name to "
            "org.apache.kafka.metadata.authorizer.StandardAuthorizer, or KAFKA_SECURITY to PLAINTEXT."
        ) from None
    except ClusterAuthorizationFailedError:
        raise SystemExit("KAFKA_USER may not change users and rights: name it in Kafka's super.users.") from None
    except (KafkaError, OSError) as error:
        raise SystemExit(
            f"Kafka refused: {error or type(error).__name__}. What is left is done by another run."
        ) from None


def run(settings: AccessSettings, *, dry_run: bool, make_passwords: bool) -> None:
    """Does it, and prints each change. Raises: BadAccess, NoSecret, KafkaError."""
    count = asyncio.run(apply(settings, members(), print, dry_run=dry_run, make_passwords=make_passwords))
    changes = f"{count} change{'' if count == 1 else 's'}" if count else "nothing to change"
    print(f"dry run, nothing was changed: {changes}" if dry_run else changes)


def members() -> list[Member]:
    """The services, each by its own declaration."""
    services = [declared(name) for name in SERVICES]
    return [Member(service.name, spoken_by(service), set(service.topics)) for service in services]


if __name__ == "__main__":
    main()
