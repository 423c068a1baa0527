"""What must be in the folder of certificates, and whether it is fit to be used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

CA = "ca.pem"
PROXY, PROXY_KEY = "proxy.pem", "proxy.key"
KAFKA = "kafka.pem"
FILES = (CA, PROXY, PROXY_KEY, KAFKA)
SOON = timedelta(days=30)
"""A certificate that ends sooner than this must be renewed now."""


class BadCertificates(Exception):
    """The folder cannot be used. The message names every fault, and never a key."""


@dataclass(frozen=True, slots=True)
class Served:
    """A certificate that is shown to others: the file, the host that it must be for, and the file of its key."""

    file: str
    host: str
    key_file: str


def served(proxy_host: str, kafka_host: str) -> tuple[Served, Served]:
    """Those of the proxy and of Kafka, which keeps key and certificates in one file."""
    return Served(PROXY, proxy_host, PROXY_KEY), Served(KAFKA, kafka_host, KAFKA)


def is_empty(folder: Path) -> bool:
    """Whether none of the files is there."""
    return not any((folder / name).exists() for name in FILES)


def checked(folder: Path, expected: Sequence[Served], now: datetime) -> datetime:
    """Until when all certificates hold, in UTC. Raises: BadCertificates."""
    try:
        found = [(one, _chain(folder / one.file)) for one in expected]
        faults = [fault for one, chain in found for fault in _faults(folder, one, chain, now)]
    except FileNotFoundError as error:
        raise BadCertificates(f"{error.filename} is not there: put {', '.join(FILES)} in {folder}.") from None
    except OSError as error:
        raise BadCertificates(f"{error.filename} cannot be read ({error.strerror}): let group 10001 read it.") from None
    if faults:
        raise BadCertificates("; ".join(faults) + ".")
    return min(chain[0].not_valid_after_utc for _, chain in found)


def ends_soon(until: datetime, now: datetime) -> bool:
    """Whether it is time for new ones."""
    return until - now < SOON


def _faults(folder: Path, one: Served, chain: Sequence[x509.Certificate], now: datetime) -> Iterator[str]:
    try:
        key = load_pem_private_key((folder / one.key_file).read_bytes(), None)
    except (ValueError, TypeError):
        yield f"{one.key_file} holds no private key without a password"
    else:
        if not _belong(key, chain[0]):
            yield f"the key in {one.key_file} is not that of the certificate in {one.file}"
    if chain[0].not_valid_after_utc <= now:
        yield f"{one.file} ended on {chain[0].not_valid_after_utc:%Y-%m-%d}"
    elif reason := _untrusted(_chain(folder / CA), chain, one.host, now):
        yield f"{one.file} does not do for {one.host}, signed by what is in {CA}: {reason}"


def _chain(file: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except ValueError:
        raise BadCertificates(f"{file} holds no certificate in PEM.") from None


def _belong(key: PrivateKeyTypes, certificate: x509.Certificate) -> bool:
    one, other = (
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        for public in (key.public_key(), certificate.public_key())
    )
    return one == other


def _untrusted(roots: Sequence[x509.Certificate], chain: Sequence[x509.Certificate], host: str, now: datetime) -> str:
    """Why a client that trusts `roots` would turn away; empty when it would not."""
    builder = PolicyBuilder().store(Store(list(roots))).time(now.astimezone(UTC))
    try:
        builder.build_server_verifier(name_of(host)).verify(chain[0], list(chain[1:]))
    except VerificationError as error:
        return str(error)
    return ""


def name_of(host: str) -> x509.DNSName | x509.IPAddress:
    """A host as certificates name it: by name or by address."""
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
