"""Servers behind certificates of ours."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.server import PATIENCE, Server

CERTIFICATES = Path(__file__).parents[1] / "certificates"
"""For tests alone: an authority, and what it signed. Their keys are no secret."""

AUTHORITY = str(CERTIFICATES / "ca.pem")


@contextmanager
def secured(server: Server, certificate: str, *, clients: bool = False) -> Iterator[str]:
    """The address at which the scripted server speaks TLS with that certificate.

    It is there until whoever looks what models there are has looked: a TLS connection whose server goes away before the
    handshake is left open by Python up to 3.12.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / f"{certificate}.pem")
    if clients:
        context.load_verify_locations(AUTHORITY)
        context.verify_mode = ssl.CERT_REQUIRED
    server.tls = context
    yield server.url.replace("http:", "https:")
    for thread in threading.enumerate():
        if thread.name == "looking":
            thread.join(PATIENCE)
