"""What a Kafka is set to that lets in only users with a password, and allows nothing that nobody allowed."""

from pathlib import Path

from deploy.local import passwords

ADMINISTRATOR, CONTROLLER = "admin", "controller"
"""May everything: whoever applies deploy/kafka/access.yaml, and the brokers among themselves."""
MECHANISM = "SCRAM-SHA-512"
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"
PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule"


def ensure(folder: Path) -> None:
    """Make a password for each of the two, unless they have one."""
    passwords.ensure(folder, (ADMINISTRATOR, CONTROLLER))


def settings(folder: Path) -> dict[str, str]:
    """The settings of a node; `folder` holds the passwords of the two.

    Clients and brokers show a password by SCRAM. Controllers cannot keep such users while they start: they have one of
    their own, by PLAIN, that stands in the settings.
    """
    administrator, controller = ((folder / name).read_text() for name in (ADMINISTRATOR, CONTROLLER))
    return {
        "listener.security.protocol.map": "SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
        "inter.broker.listener.name": "SASL_PLAINTEXT",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        "super.users": f"User:{ADMINISTRATOR};User:{CONTROLLER}",
        "sasl.enabled.mechanisms": MECHANISM,
        "sasl.mechanism.inter.broker.protocol": MECHANISM,
        f"listener.name.sasl_plaintext.{MECHANISM.lower()}.sasl.jaas.config": (
            f'{SCRAM} required username="{ADMINISTRATOR}" password="{administrator}";'
        ),
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.controller.plain.sasl.jaas.config": (
            f'{PLAIN} required username="{CONTROLLER}" password="{controller}" user_{CONTROLLER}="{controller}";'
        ),
    }


def first_user(folder: Path) -> list[str]:
    """What a data folder is made with, so that the administrator can come in."""
    password = (folder / ADMINISTRATOR).read_text()
    return ["--add-scram", f"{MECHANISM}=[name={ADMINISTRATOR},password={password}]"]
