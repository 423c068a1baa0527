"""What the job needs to know: where Kafka is, what is declared, and where the passwords are."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import Field

from shared.runtime.settings import KafkaSettings, NoSecret, secret

DECLARED = Path(__file__).parents[1] / "kafka" / "access.yaml"


class AccessSettings(KafkaSettings):
    """Environment variables; each has the field's name in capitals. KAFKA_USER must be one of Kafka's super users."""

    access_file: Path = DECLARED
    """Who is declared."""
    access_password_dir: Path | None = None
    """A folder with one file for each user, with its password."""
    access_keep: str = ""
    """Users beside KAFKA_USER that are left alone, with commas between them: those of other tools."""
    kafka_replication: Annotated[int, Field(ge=1)] = 1
    """How many copies of each topic there are."""
    kafka_min_insync: Annotated[int, Field(ge=1)] = 1
    """How many of them must confirm."""

    @property
    def kept(self) -> set[str]:
        """Users that are not declared, and not removed."""
        return {name.strip() for name in (self.kafka_user or "", *self.access_keep.split(",")) if name.strip()}

    def without_password(self, users: Iterable[str]) -> dict[str, Path]:
        """Those of them that have none, and the file that it should be in. Raises: NoSecret when no folder is set."""
        return {name: file for name, file in self._files(users).items() if not file.is_file()}

    def passwords(self, users: Iterable[str]) -> dict[str, str]:
        """The password of each. Raises: NoSecret, which names all of those that have none."""
        files = self._files(users)
        if lacking := self.without_password(files):
            raise NoSecret(
                f"{self.access_password_dir} (ACCESS_PASSWORD_DIR) has no password for {', '.join(lacking)}: put a file of "
                "that name there for each, or let `apply --make-passwords` make them."
            )
        return {name: secret(file, "ACCESS_PASSWORD_DIR") for name, file in files.items()}

    def _files(self, users: Iterable[str]) -> dict[str, Path]:
        if self.access_password_dir is None:
            raise NoSecret("ACCESS_PASSWORD_DIR is not set: it is the folder with one file for each user of Kafka.")
        return {name: self.access_password_dir / name for name in users}
