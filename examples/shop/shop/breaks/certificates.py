"""Certificate failure: the acquirer's TLS port, with a certificate of the shop's own authority and one that expired."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import threading
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask

from shop import faults
from shop.runtime import environ

_ADDRESS = "acquirer.tls"
_DAY = dt.timedelta(days=1)


def authority() -> Path:
    """Return the file with the authority that clients trust."""
    return Path(environ("RUN")) / "authority.pem"


def address() -> str:
    """Return `HOST:PORT` of the acquirer's TLS port."""
    return (Path(environ("RUN")) / _ADDRESS).read_text()


def serve(app: Flask) -> None:
    """Answer over TLS from a thread; while `certificate-failure` is on, with a certificate that has expired."""
    from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: PLC0415 - the acquirer alone needs it

    class Quiet(WSGIRequestHandler):
        """Leaves requests out of the log; they have spans."""

        def log(self, kind: str, message: str, *args: Any) -> None:
            """Say nothing."""

    run = Path(environ("RUN"))
    good, expired = _contexts(run)

    def choose(connection: ssl.SSLSocket | ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = expired if faults.on("certificate-failure") else good

    good.sni_callback = choose
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet, ssl_context=good)
    threading.Thread(target=server.serve_forever, name="tls", daemon=True).start()
    draft = run / f".{_ADDRESS}"
    draft.write_text(f"127.0.0.1:{server.server_port}")
    draft.rename(run / _ADDRESS)


def _contexts(run: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return what serves with a valid certificate, and with one that expired yesterday; both of a new authority."""
    now = dt.datetime.now(dt.UTC)
    key, name = ec.generate_private_key(ec.SECP256R1()), _name("shop authority")
    signed = _certificate(name, name, key, key, begin=now - _DAY, end=now + 365 * _DAY, authority=True)
    authority().write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    made = []
    for kind, begin, end in (("valid", now - _DAY, now + 90 * _DAY), ("expired", now - 91 * _DAY, now - _DAY)):
        leaf = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(_name("acquirer"), name, leaf, key, begin=begin, end=end, authority=False)
        path = run / f"acquirer-{kind}.pem"
        path.touch(mode=0o600)
        path.write_bytes(
            leaf.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        made.append(context)
    return made[0], made[1]


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    *,
    begin: dt.datetime,
    end: dt.datetime,
    authority: bool,
) -> x509.Certificate:
    names = [x509.DNSName("acquirer"), x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))]
    public, owner = key.public_key(), signer.public_key()
    uses = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder(issuer, subject, public, x509.random_serial_number(), begin, end)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(uses, critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(owner), critical=False)
        .sign(signer, hashes.SHA256())
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
