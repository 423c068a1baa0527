"""Kafka's jars: fetched once into a cache that clones share, and compared with our own list at every start.

`python -m deploy.local.jars` resolves KAFKA anew and rewrites the list: only when Kafka's version changes.
"""

import errno
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from deploy.local.errors import RunnerError

KAFKA = (
    "org.apache.kafka:kafka_2.13:4.3.1+org.apache.kafka:kafka-tools:4.3.1"
    "+org.apache.logging.log4j:log4j-slf4j-impl:2.25.4!"  # without the "!" log4j silently swaps 22 of the jars
)
LIST = Path(__file__).with_name("kafka_jars.sha256")
CACHE = Path(os.environ.get("CACHE_DIR") or Path.home() / ".cache" / "schuldhulpprojecten")
AT_ONCE = 8


@dataclass(frozen=True)
class Jar:
    """One line of the list: where the jar lies in a Maven repository, and the SHA-256 of its bytes."""

    path: PurePosixPath
    sha256: str

    def is_whole_in(self, folder: Path) -> bool:
        """Tell whether `folder` holds exactly these bytes."""
        try:
            with (folder / self.path).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256
        except FileNotFoundError:
            return False


def kafka_jars(cache: Path, report: Callable[[str], None] = print) -> list[Path]:
    """Return Kafka's jars, complete and checked; what `cache` lacks or holds broken is downloaded.

    `report` hears how far the download is. Raises RunnerError without network, and when what arrives is not
    what the list names.
    """
    jars, folder = _listed(), cache / "maven"
    with _one_at_a_time(cache):
        missing = [jar for jar in jars if not jar.is_whole_in(folder)]
        if missing:
            _download(missing, folder, report)
    return [folder / jar.path for jar in jars]


def _listed() -> list[Jar]:
    lines = LIST.read_text().splitlines()
    return [Jar(PurePosixPath(path), digest) for digest, path in (line.split() for line in lines)]


@contextmanager
def _one_at_a_time(cache: Path) -> Iterator[None]:
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _download(jars: list[Jar], folder: Path, report: Callable[[str], None]) -> None:
    """Download beside the cache and move each jar in only when it is the one we asked for."""
    report(f"Downloading Apache Kafka: {len(jars)} jars ...")
    with (
        tempfile.TemporaryDirectory(dir=folder.parent, prefix="download-") as draft,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        for count, jar in enumerate(pool.map(lambda jar: _fetch(jar, Path(draft)), jars), 1):
            target = folder / jar.path
            target.parent.mkdir(parents=True, exist_ok=True)
            (Path(draft) / jar.path).replace(target)
            if count % 10 == 0 or count == len(jars):
                report(f"Downloading Apache Kafka: {count} of {len(jars)} jars")


def _fetch(jar: Jar, folder: Path) -> Jar:
    from jgo.maven import MavenContext  # noqa: PLC0415 -- takes a quarter of a second, and only a download needs it

    group, artifact, version = ".".join(jar.path.parts[:-3]), jar.path.parts[-3], jar.path.parts[-2]
    try:
        MavenContext(repo_cache=folder).project(group, artifact).at_version(version).artifact().resolve()
    except (OSError, RuntimeError) as error:  # jgo lets the HTTP client's errors through: they are OSErrors
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        raise RunnerError(
            f"Apache Kafka cannot be downloaded ({jar.path.name}): the first run needs the network; "
            f"check the connection or the proxy and run the command again, it goes on where it was."
        ) from error
    if not jar.is_whole_in(folder):
        raise RunnerError(
            f"The download of {jar.path.name} is broken, or not the file that {LIST.name} names; it was thrown away: "
            f"run the command again, and if it stays so, look at your proxy."
        )
    return jar


def _rewrite_list() -> None:
    import jgo  # noqa: PLC0415 -- as above

    with tempfile.TemporaryDirectory() as cache:
        os.environ["M2_REPO"] = cache
        paths = sorted(Path(artifact.resolve()) for artifact in jgo.resolve(KAFKA))
        lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(cache)}\n" for path in paths]
    LIST.write_text("".join(lines))
    print(f"{len(lines)} jars are listed in {LIST}")


if __name__ == "__main__":
    _rewrite_list()
