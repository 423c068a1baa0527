"""Where one copy of the platform keeps its data and on which ports it listens."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import RunnerError
from deploy.local.jars import CACHE
from deploy.local.ports import HOST

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("submission", "assessment", "matching", "impact")
OFFSETS = {
    "submission": 1,
    "assessment": 2,
    "matching": 3,
    "impact": 4,
    "issuer": 9,
    "postgres": 32,
    "kafka": 92,
    "kafka-controller": 93,
}
PLAIN, GUARDED = "PLAINTEXT", "SASL_PLAINTEXT"
"""Whether Kafka asks who somebody is: the values of KAFKA_SECURITY here. On the loopback address nothing is encrypted."""
KAFKA_PASSWORDS = "kafka-passwords"
ROLES = (*(role for service in SERVICES for role in (service, f"{service}_owner")), "verifier")


@dataclass(frozen=True)
class Settings:
    """The settings of the runner. Two copies run side by side when both `data` and `port_base` differ."""

    data: Path = ROOT / ".data"
    port_base: int = 8100
    cache: Path = CACHE
    log_level: str = "INFO"
    secured: bool = False

    @classmethod
    def load(cls, variables: Mapping[str, str] = os.environ) -> "Settings":
        """Read DATA_DIR, PORT_BASE, CACHE_DIR, LOG_LEVEL and KAFKA_SECURITY; raise RunnerError when one will not do.

        Kafka asks for passwords (`secured`) when it is told to, and from then on.
        """
        base = variables.get("PORT_BASE") or str(cls.port_base)
        highest = 65535 - max(OFFSETS.values())
        if not base.isdecimal() or not 1024 <= int(base) <= highest:
            raise RunnerError(f"PORT_BASE={base} does not do: set it to a number from 1024 to {highest}.")
        data = (ROOT / (variables.get("DATA_DIR") or cls.data)).resolve()
        security = variables.get("KAFKA_SECURITY") or (GUARDED if (data / KAFKA_PASSWORDS).exists() else PLAIN)
        if security not in (PLAIN, GUARDED):
            raise RunnerError(f"KAFKA_SECURITY={security} does not do: set it to {PLAIN} or {GUARDED}.")
        return cls(
            data=data,
            port_base=int(base),
            cache=Path(variables.get("CACHE_DIR") or cls.cache).resolve(),
            log_level=variables.get("LOG_LEVEL") or cls.log_level,
            secured=security == GUARDED,
        )

    def port(self, name: str) -> int:
        """Return the port on which `name` (a key of OFFSETS) listens."""
        return self.port_base + OFFSETS[name]

    def url(self, name: str) -> str:
        """Return the HTTP address of a service or the issuer."""
        return f"http://{HOST}:{self.port(name)}"

    @property
    def kafka_servers(self) -> str:
        """Kafka's address for clients."""
        return f"{HOST}:{self.port('kafka')}"

    @property
    def passwords(self) -> Path:
        """The folder with one password file for each role of the database."""
        return self.data / "passwords"

    @property
    def kafka_passwords(self) -> Path:
        """The folder with one password file for each user of Kafka, if it has users."""
        return self.data / KAFKA_PASSWORDS

    @property
    def issuer_data(self) -> Path:
        """Where the development issuer keeps its keys."""
        return self.data / "issuer"
