"""Certificates for development: an authority that signs two certificates and is then forgotten."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deploy.certs.folder import CA, KAFKA, PROXY, PROXY_KEY, Served, name_of

AUTHORITY = "schuldhulpprojecten development"
VALID_FOR = timedelta(days=397)
EARLIER = timedelta(hours=1)
"""So that a clock that is behind takes them."""
EVERYWHERE = ("localhost", "127.0.0.1", "::1", "proxy", "kafka")
GROUP_READS = 0o640
ALL_READ = 0o644


def is_ours(folder: Path) -> bool:
    """Whether what is there was made here, and so may be made anew. Raises: OSError."""
    try:
        return x509.load_pem_x509_certificate((folder / CA).read_bytes()).subject == _name(AUTHORITY)
    except (FileNotFoundError, ValueError):
        return False


def make(folder: Path, expected: Sequence[Served], now: datetime) -> None:
    """Writes a new authority and what it signs. Its key is kept nowhere: nobody can sign anything else with it.

    Raises: OSError.
    """
    authority = ec.generate_private_key(ec.SECP256R1())
    root = _authority(authority, now)
    _write(folder / CA, _pem(root), ALL_READ)
    for one in expected:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _signed(key, [one.host, *EVERYWHERE], authority, root, now)
        files = (
            {PROXY: _pem(certificate), PROXY_KEY: _key(key)}
            if one.file == PROXY
            else {KAFKA: _key(key) + _pem(certificate)}
        )
        for name, content in files.items():
            _write(folder / name, content, GROUP_READS)


def _authority(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = _name(AUTHORITY)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = (
        _begun(name, name, key, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(identifier, critical=False)
    )
    return builder.sign(key, hashes.SHA256())


def _signed(
    key: ec.EllipticCurvePrivateKey,
    hosts: Sequence[str],
    authority: ec.EllipticCurvePrivateKey,
    root: x509.Certificate,
    now: datetime,
) -> x509.Certificate:
    names = [name_of(host) for host in dict.fromkeys(hosts)]
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
    builder = (
        _begun(_name(hosts[0]), root.subject, key, now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(issuer, critical=False)
    )
    return builder.sign(authority, hashes.SHA256())


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(
        issuer, subject, key.public_key(), x509.random_serial_number(), now - EARLIER, now + VALID_FOR
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(file: Path, content: bytes, mode: int) -> None:
    """Whole or not at all, and never readable by others in between."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as opened:
        os.fchmod(opened.fileno(), mode)
        opened.write(content)
    draft.replace(file)
