"""What the development issuer gives, and what it must be told."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from deploy.issuer.__main__ import main
from deploy.issuer.app import issuer_app
from deploy.issuer.keys import FILE, load_or_make
from deploy.issuer.tokens import Issuer, NotAsked, Wanted

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ORGANISATION = "0198f000-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({}, "Say which role"),
        ({"role": ["koning"]}, "There is no role 'koning'"),
        ({"role": ["gemeente"]}, "needs a gemeente"),
        ({"role": ["gemeente"], "gemeente": ["Den Haag"]}, "no code of a gemeente"),
        ({"role": ["partner"]}, "needs an organisation"),
        ({"role": ["partner"], "organisation": ["ING"]}, "no id of an organisation"),
        ({"role": ["publisher"]}, "need a client"),
        ({"role": ["subscriber"], "client": ["ik & jij"]}, "no name of a client"),
        ({"role": ["operator"], "subject": ["é"]}, "printable ASCII"),
    ],
)
def test_what_is_missing_is_said_in_one_sentence(form: dict[str, list[str]], sentence: str) -> None:
    with pytest.raises(NotAsked, match=sentence) as caught:
        Wanted.of(form)
    assert "\n" not in str(caught.value)


def test_who_names_no_subject_gets_one_by_what_they_are() -> None:
    assert Wanted.of({"role": ["gemeente"], "gemeente": ["GM0518"]}).subject == "gemeente:GM0518"
    partner = Wanted.of({"role": ["partner", "partner"], "organisation": [ORGANISATION], "subject": [" "]})
    assert partner.subject == f"partner:{ORGANISATION}"


def test_the_key_is_made_once_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "issuer"
    key = load_or_make(folder)
    assert load_or_make(folder).as_dict(private=True) == key.as_dict(private=True)
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
    assert [file.name for file in folder.iterdir()] == [FILE]


async def test_a_token_can_be_asked_for_and_checked(tmp_path: Path) -> None:
    issuer = Issuer("http://issuer.test", "platform", load_or_make(tmp_path), lambda: NOW)
    transport = httpx.ASGITransport(issuer_app(issuer))
    async with httpx.AsyncClient(transport=transport, base_url="http://issuer.test") as http:
        found = (await http.get("/.well-known/openid-configuration")).json()
        form = {"role": ["gemeente", "submitter"], "gemeente": "GM0518", "subject": "iemand"}
        answer = (await http.post(found["token_endpoint"], data=form)).json()
        jwks = (await http.get(found["jwks_uri"])).json()
        assert (await http.get("/health/ready")).status_code == 200
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 8 * 3600)
    assert "d" not in jwks["keys"][0]
    claims = jwt.decode(answer["access_token"], KeySet.import_key_set(jwks), algorithms=["ES256"]).claims
    assert claims == {
        "iss": found["issuer"],
        "aud": "platform",
        "sub": "iemand",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 8 * 3600,
        "roles": ["gemeente", "submitter"],
        "gemeente": "GM0518",
    }


@pytest.mark.parametrize(
    "sent", [b"role=koning", b"", b"\xff\xfe", b"role=" + b"x" * 20_000, b"&".join([b"a=b"] * 100)]
)
async def test_a_form_that_cannot_be_a_token_is_refused(tmp_path: Path, sent: bytes) -> None:
    issuer = Issuer("http://issuer.test", "platform", load_or_make(tmp_path), lambda: NOW)
    transport = httpx.ASGITransport(issuer_app(issuer))
    async with httpx.AsyncClient(transport=transport, base_url="http://issuer.test") as http:
        assert (await http.post("/token", content=sent)).status_code in (400, 413)


@pytest.mark.parametrize("environment", ["production", "Development", "", None])
def test_it_does_not_start_outside_development(
    environment: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ISSUER_DATA_DIR", str(tmp_path / "issuer"))
    if environment is None:
        monkeypatch.delenv("ENVIRONMENT", raising=False)
    else:
        monkeypatch.setenv("ENVIRONMENT", environment)
    assert main(["serve"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1
    assert "ENVIRONMENT=development" in printed.err
    assert not (tmp_path / "issuer").exists()


def test_without_an_issuer_one_is_told_to_start_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OIDC_ISSUER", "http://127.0.0.1:1")
    assert main(["token", "operator"]) == 1
    assert "make up" in capsys.readouterr().err
