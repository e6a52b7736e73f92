"""Servers behind certificates of ours."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.server import Server

CERTIFICATES = Path(__file__).parents[1] / "certificates"
"""For tests alone: an authority, and what it signed. Their keys are no secret."""

AUTHORITY = str(CERTIFICATES / "ca.pem")


@contextmanager
def secured(server: Server, certificate: str, *, clients: bool = False) -> Iterator[str]:
    """The address at which the scripted server speaks TLS with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / f"{certificate}.pem")
    if clients:
        context.load_verify_locations(AUTHORITY)
        context.verify_mode = ssl.CERT_REQUIRED
    server.tls = context
    yield server.url.replace("http:", "https:")
