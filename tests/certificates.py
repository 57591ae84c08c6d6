"""Certificates for servers on loopback, by an authority that nobody knows but whoever is shown it."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_Key = ec.EllipticCurvePrivateKey
_DAY = timedelta(days=1)


class Authority(NamedTuple):
    """Who signs certificates: its own certificate, also as a file, its key, and a folder for those it makes."""

    certificate: x509.Certificate
    key: _Key
    file: Path

    @classmethod
    def made(cls, folder: Path) -> Authority:
        """A new one in a folder."""
        key, name = ec.generate_private_key(ec.SECP256R1()), _named("An authority for tests")
        certificate = (
            _begun(name, name, key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_others=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        file = folder / "authority.pem"
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return cls(certificate, key, file)

    def server(self, host: str, **ways: bool) -> ssl.SSLContext:
        """What a server speaks TLS with that has a certificate for a name or address."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.certify(context, host, **ways)
        return context

    def certify(
        self,
        context: ssl.SSLContext,
        host: str,
        *,
        expired: bool = False,
        self_signed: bool = False,
    ) -> None:
        """Gives a server its certificate, or a new one for those who connect from now on."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuer, signer = (
            (_named(host), key) if self_signed else (self.certificate.subject, self.key)
        )
        certificate = (
            _begun(_named(host), issuer, key, days=-1 if expired else 2)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([_known_as(host)]), critical=False)
            .add_extension(_usage(signs_others=False), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
                critical=False,
            )
            .sign(signer, hashes.SHA256())
        )
        file = self.file.with_name(f"server-{certificate.serial_number}.pem")
        file.write_bytes(_pem(key) + certificate.public_bytes(serialization.Encoding.PEM))
        context.load_cert_chain(file)


def _begun(
    subject: x509.Name, issuer: x509.Name, key: _Key, *, days: int = 2
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 2 * _DAY)
        .not_valid_after(now + days * _DAY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_others: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_others,
        key_cert_sign=signs_others,
        crl_sign=signs_others,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _known_as(host: str) -> x509.GeneralName:
    return x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host)


def _pem(key: _Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
