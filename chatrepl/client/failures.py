"""What can go wrong on the network, in words: httpx's errors end here."""

import socket
import ssl
from collections.abc import Iterator
from typing import TypeVar

from chatrepl.client.http import httpx
from chatrepl.config.config import Profile
from chatrepl.errors import ASK_AGAIN, BrokenReply, ChatError, ConfigError, Hint, RequestError, Unreachable
from chatrepl.text.urls import host_of, is_loopback, origin

E = TypeVar("E", bound=BaseException)


def unusable(profile: Profile) -> ChatError:
    """The error for an address or a header that HTTP cannot carry. httpx's own words may hold the key."""
    where = origin(profile.base_url) or "none"
    return ConfigError(
        f"No request can be made for the profile {profile.name!r} with the base URL {where}",
        "A base URL looks like https://example.org/v1; headers hold plain ASCII.",
    )


def unreachable(error: httpx.TransportError, profile: Profile, proxy: str) -> RequestError:
    """The error for an answer of which no byte came."""
    where = origin(profile.base_url)
    way = f" by way of the proxy {origin(proxy)}" if proxy else ""
    match error:
        case httpx.ConnectTimeout():
            line = f"{where} did not answer within {profile.timeouts.connect:g} s{way}"
            return Unreachable(line, _network_hint(profile, proxy), again=True)
        case httpx.WriteTimeout():
            line = f"{where} took no more of the question for {profile.timeouts.silence:g} s"
            return Unreachable(line, "timeouts.silence of the profile says how long to wait.")
        case httpx.TimeoutException():
            return out_of_time(str(error), profile)
        case httpx.ProxyError():
            return Unreachable(
                f"The proxy {origin(proxy)} refuses the way to {where}: {error}", "Check HTTPS_PROXY and NO_PROXY."
            )
        case httpx.ConnectError():
            return _not_connected(error, profile, proxy, way)
        case httpx.RemoteProtocolError() if "disconnected" not in str(error):
            return Unreachable(f"{where} answers something that is not HTTP", _network_hint(profile, proxy))
        case _ if "CERTIFICATE_REQUIRED" in str(error):
            return Unreachable(f"{where} asks for a client certificate", "client_cert of the profile names one.")
        case _:
            return Unreachable(f"{where} closed the connection without an answer{way}", ASK_AGAIN, again=True)


def _not_connected(error: httpx.ConnectError, profile: Profile, proxy: str, way: str) -> Unreachable:
    where = origin(profile.base_url)
    if certificate := _cause(error, ssl.SSLCertVerificationError):
        return _not_trusted(certificate, where)
    if _cause(error, ssl.SSLError):
        line = f"No secure connection to {where} could be made{way}: {reason(error)}"
        return Unreachable(line, "Does it speak https? http:// is for servers that do not.")
    if name := _cause(error, socket.gaierror):
        line = f"The address of {host_of(proxy or profile.base_url)} cannot be found: {name.strerror}"
        return Unreachable(line, _network_hint(profile, proxy), again=name.errno == socket.EAI_AGAIN)
    line = f"{where} cannot be reached{way}: {reason(error)}"
    return Unreachable(line, _network_hint(profile, proxy), again=True)


def _not_trusted(error: ssl.SSLCertVerificationError, where: str) -> Unreachable:
    line, hint = _CERTIFICATES.get(error.verify_code, (f"is not trusted: {error.verify_message}", _AUTHORITY))
    return Unreachable(f"The certificate of {where} {line}", hint)


_AUTHORITY = "ca_file of the profile names the certificate of a company's own authority."
_UNKNOWN = ("comes from an authority that this machine does not know", _AUTHORITY)
_CLOCK = "Is the clock of this machine right? Otherwise the server needs a new certificate."
_NAME = "Is the base URL right? Somebody else may be answering in its place."
_CERTIFICATES = {
    9: ("is not valid yet", _CLOCK),
    10: ("has expired", _CLOCK),
    18: ("is signed by itself alone", "ca_file of the profile can name it, if it is your own server."),
    19: _UNKNOWN,
    20: _UNKNOWN,
    21: _UNKNOWN,
    23: ("was revoked", _NAME),
    62: ("is for another name", _NAME),
    64: ("is for another address", _NAME),
}
"""By OpenSSL's X509_V_ERR numbers: what to say, and what to try."""


def out_of_time(limit: str, profile: Profile) -> RequestError:
    """The error for a reply that one of the time limits ended."""
    where = origin(profile.base_url)
    hint = f"timeouts.{limit} of the profile says how long to wait. {ASK_AGAIN}"
    seconds = getattr(profile.timeouts, limit, 0.0)
    if limit == "first_byte":
        return Unreachable(f"{where} accepted the question and sent nothing for {seconds:g} s", hint)
    if limit == "total":
        return BrokenReply(f"The reply was not over after {seconds:g} s", hint)
    return BrokenReply(f"The reply stopped coming: {seconds:g} s of silence", hint)


def broken(error: httpx.RequestError, profile: Profile) -> RequestError:
    """The error for an answer that broke off."""
    if isinstance(error, httpx.TimeoutException):
        return out_of_time(str(error), profile)
    return BrokenReply("The connection broke in the middle of the reply", ASK_AGAIN)


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _cause(error: BaseException, kind: type[E]) -> E | None:
    return next((cause for cause in _causes(error) if isinstance(cause, kind)), None)


def reason(error: Exception) -> str:
    """Why a connection could not be made, without the number the system gives it."""
    said = str(error).partition("] ")[2].partition(" (_ssl")[0] or str(error) or "no reason given"
    return said[:1].lower() + said[1:]


def _network_hint(profile: Profile, proxy: str) -> Hint:
    if is_loopback(profile.base_url):
        running = "Is the server running, and is that its port?"
        return Hint(f"{running} -p local needs none.", f"{running} /profile local needs none.")
    checks = "Check the network, the base URL and the proxy." if proxy else "Check the network and the base URL."
    return Hint(f"{checks} -p local needs none.", f"{checks} /profile local needs none.")
