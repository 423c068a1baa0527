import os
import shutil
from pathlib import Path

import pytest

from deploy.local.errors import RunnerError
from deploy.local.jars import CACHE, kafka_jars
from deploy.local.ports import HOST
from tests.ports import free_port

SMALL = "slf4j-api-1.7.36.jar"


@pytest.fixture
def cache(folder: Path) -> Path:
    """A complete cache of the test's own."""
    kafka_jars(CACHE)
    shutil.copytree(CACHE / "maven", folder / "cache" / "maven")
    return folder / "cache"


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that does not answer stands between us and everything."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://{HOST}:{free_port()}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_a_whole_cache_needs_no_network(cache: Path, no_network: None) -> None:
    said: list[str] = []
    assert len(kafka_jars(cache, said.append)) == 92
    assert said == []


def test_a_truncated_jar_is_fetched_again_and_no_other(cache: Path) -> None:
    jar = next(cache.rglob(SMALL))
    whole = jar.read_bytes()
    os.truncate(jar, len(whole) // 2)
    said: list[str] = []
    assert jar in kafka_jars(cache, said.append)
    assert jar.read_bytes() == whole
    assert said == ["Downloading Apache Kafka: 1 jars ...", "Downloading Apache Kafka: 1 of 1 jars"]


def test_without_network_an_empty_cache_says_so_in_one_sentence_and_stays_empty(folder: Path, no_network: None) -> None:
    with pytest.raises(RunnerError, match="the first run needs the network") as caught:
        kafka_jars(folder / "cache", lambda _: None)
    assert "\n" not in str(caught.value)
    assert [file.name for file in (folder / "cache").rglob("*") if file.is_file()] == ["lock"]
