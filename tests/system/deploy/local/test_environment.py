import base64
import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from deploy.local.environment import Trouble, ensure
from deploy.local.ports import HOST
from tests.ports import free_port

WHEEL = "tiny-1.0-py3-none-any.whl"
INSIDE = {
    "tiny.py": "figure = 42\n",
    "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
    "tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}


@pytest.fixture
def requirements(folder: Path) -> Path:
    """Requirements of one small package that lies beside them: no network is needed."""
    (folder / "requirements").mkdir()
    digest = hashlib.sha256(write_wheel(folder / WHEEL)).hexdigest()
    line = f"tiny @ {(folder / WHEEL).as_uri()} --hash=sha256:{digest}\n"
    (folder / "requirements" / "local.txt").write_text(line)
    (folder / "requirements" / "dev.txt").write_text(line)
    return folder / "requirements"


@pytest.fixture
def venv(folder: Path) -> Path:
    """Where the environment comes."""
    return folder / ".venv"


def test_what_is_listed_is_installed_and_a_second_time_nothing_happens(
    venv: Path, requirements: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ensure(venv, requirements, "local")
    assert has_tiny(venv)
    assert "Installing the Python packages" in capsys.readouterr().out
    ensure(venv, requirements, "local")
    assert capsys.readouterr().out == ""


def test_one_that_was_broken_off_is_made_anew(venv: Path, requirements: Path) -> None:
    ensure(venv, requirements, "local")
    (venv / "half").touch()
    (venv / "requirements.json").write_text('{"incomplete": true}')
    ensure(venv, requirements, "local")
    assert has_tiny(venv)
    assert not (venv / "half").exists()


def test_one_for_tests_serves_to_run_too(venv: Path, requirements: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ensure(venv, requirements, "dev")
    capsys.readouterr()
    ensure(venv, requirements, "local")
    assert capsys.readouterr().out == ""


def test_a_changed_list_is_installed_on_top(venv: Path, requirements: Path) -> None:
    ensure(venv, requirements, "local")
    (venv / "ours").touch()
    with (requirements / "local.txt").open("a") as file:
        file.write("# another list\n")
    ensure(venv, requirements, "local")
    assert (venv / "ours").exists()


def test_a_download_that_is_not_what_the_list_says_is_refused(venv: Path, requirements: Path) -> None:
    broken = (requirements / "local.txt").read_text().split("sha256:")[0] + "sha256:" + "0" * 64
    whole = (requirements / "local.txt").read_text()
    (requirements / "local.txt").write_text(broken)
    with pytest.raises(Trouble, match="A download is broken"):
        ensure(venv, requirements, "local")
    assert json.loads((venv / "requirements.json").read_text()) == {"incomplete": True}
    (requirements / "local.txt").write_text(whole)
    ensure(venv, requirements, "local")
    assert has_tiny(venv)


def test_without_network_one_sentence_says_what_to_do(
    venv: Path, requirements: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://{HOST}:{free_port()}")
    monkeypatch.setenv("UV_CACHE_DIR", str(venv.parent / "cache"))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    (requirements / "local.txt").write_text(f"pydantic==2.14.4 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(Trouble, match="the first run needs the network"):
        ensure(venv, requirements, "local")


def has_tiny(venv: Path) -> bool:
    return len(list(venv.glob("lib/python*/site-packages/tiny.py"))) == 1


def write_wheel(file: Path) -> bytes:
    """Write the smallest wheel there is; return its bytes."""
    record = "tiny-1.0.dist-info/RECORD"
    rows = [f"{name},sha256={_digest(text)},{len(text)}" for name, text in INSIDE.items()]
    with zipfile.ZipFile(file, "w") as wheel:
        for name, text in {**INSIDE, record: "\n".join([*rows, f"{record},,", ""])}.items():
            wheel.writestr(name, text)
    return file.read_bytes()


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
