"""A request into events, over HTTP. The only module that knows httpx: its exceptions end here."""

import ipaddress
import json
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import httpx

from chatrepl import __version__
from chatrepl.config import Profile
from chatrepl.conversation import Conversation
from chatrepl.dialects import ModelInfo, Request, dialect
from chatrepl.dialects.repair import mended
from chatrepl.dialects.response import read, read_models
from chatrepl.errors import BrokenReply, ChatError, CommandError, ConfigError, RequestError, Unreachable
from chatrepl.events import Event, Finished

ASK_AGAIN = "/retry asks again."


class Client:
    """Connections to servers. One is enough for a session; ``close`` it in the end."""

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        """``transport`` stands in for the network; for tests and replays."""
        # Redirects are not followed: the key is meant for this host and no other.
        headers = {"User-Agent": f"chatrepl/{__version__}"}
        self._http = httpx.Client(transport=transport, headers=headers, follow_redirects=False, mounts=_NO_PROXY)

    def ask(
        self,
        profile: Profile,
        conversation: Conversation,
        key: str,
        *,
        stream: bool = True,
        before_waiting: Callable[[], None] = lambda: None,
    ) -> Generator[Event, None, None]:
        """The events of the reply to a conversation that ends with an open turn.

        Closing the iterator closes the connection, which is how a reply is stopped. ``before_waiting`` is called each
        time the network is about to be waited for: whoever collects pieces writes them down then.
        """
        speaks = dialect(profile.dialect)
        request = self.request(profile, conversation, key, stream=stream)
        finished = False
        with _told(key), self._answer(profile, request) as answer:
            try:
                chunks = _chunks(answer, before_waiting)
                for event in read(speaks, profile, answer.status_code, _headers(answer), chunks, stream=stream):
                    finished |= isinstance(event, Finished)
                    yield event
            except httpx.TransportError as error:
                if not finished:  # once the reply is whole it does not matter how the connection ends
                    raise _broken(error, profile) from None

    def request(self, profile: Profile, conversation: Conversation, key: str, *, stream: bool = True) -> Request:
        """The request that ``ask`` sends."""
        return mended(dialect(profile.dialect).encode(profile, conversation, key, stream=stream), profile.parameters)

    def models(self, profile: Profile, key: str) -> list[ModelInfo]:
        """What the server offers."""
        speaks = dialect(profile.dialect)
        if not speaks.models:
            raise CommandError(f"{profile.dialect} has no list of models", "/model NAME sets one all the same.")
        with _told(key), self._answer(profile, speaks.models(profile, key)) as answer:
            try:
                return read_models(speaks, profile, answer.status_code, _headers(answer), answer.iter_bytes())
            except httpx.TransportError as error:
                raise _broken(error, profile) from None

    def close(self) -> None:
        self._http.close()

    @contextmanager
    def _answer(self, profile: Profile, request: Request) -> Iterator[httpx.Response]:
        answer = self._send(profile, request)
        try:
            yield answer
        finally:
            answer.close()

    def _send(self, profile: Profile, request: Request) -> httpx.Response:
        """The answer, its body still to come. Between bytes of it another limit holds than before the first."""
        limits = profile.timeouts
        timeout = httpx.Timeout(limits.first_byte, connect=limits.connect)
        headers = {"Accept-Encoding": "identity", **request.headers}  # compressed streams come in lumps
        content = None
        if request.body is not None:
            headers = {"Content-Type": "application/json", **headers}
            content = json.dumps(request.body, ensure_ascii=False).encode("utf-8", "replace")
        try:
            outgoing = self._http.build_request(
                request.method, request.url, headers=headers, content=content, timeout=timeout
            )
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError, TypeError):
            raise _unusable(profile) from None
        try:
            try:
                answer = self._http.send(outgoing, stream=True)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                # A kept connection that the server had closed meanwhile: nothing came, so it may go out again.
                answer = self._http.send(outgoing, stream=True)
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL):
            raise _unusable(profile) from None
        except httpx.TransportError as error:
            raise _unreachable(error, profile) from None
        outgoing.extensions["timeout"]["read"] = limits.silence
        return answer


_NO_PROXY: dict[str, None] = dict.fromkeys(("all://127.0.0.1", "all://localhost", "all://[::1]"))
"""What is on this machine is reached without a proxy, whatever the environment says."""


def _chunks(answer: httpx.Response, before_waiting: Callable[[], None]) -> Iterator[bytes]:
    for chunk in answer.iter_bytes():
        yield chunk
        before_waiting()


def _headers(answer: httpx.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


@contextmanager
def _told(key: str) -> Iterator[None]:
    """Keep the key out of errors, should a server echo it."""
    try:
        yield
    except RequestError as error:
        if key and key in str(error):
            line = str(error).replace(key, "(the key)")
            error.args = (line,)
        raise


def _unusable(profile: Profile) -> ChatError:
    """The error for an address or a header that HTTP cannot carry. httpx's own words may hold the key."""
    where = profile.base_url or "none"
    return ConfigError(
        f"No request can be made for the profile {profile.name!r} with the base URL {where}",
        "A base URL looks like https://example.org/v1; headers hold plain ASCII.",
    )


def _unreachable(error: httpx.TransportError, profile: Profile) -> Unreachable:
    """The error for an answer of which no byte came."""
    where = origin(profile.base_url)
    match error:
        case httpx.ConnectTimeout():
            return Unreachable(f"{where} did not answer within {profile.timeouts.connect:g} s", _network_hint(profile))
        case httpx.TimeoutException():
            line = f"{where} accepted the question and sent nothing for {profile.timeouts.first_byte:g} s"
            return Unreachable(line, "timeouts.first_byte of the profile says how long to wait.")
        case httpx.ProxyError():
            return Unreachable(f"The proxy refuses the way to {where}: {error}", "Check HTTPS_PROXY and NO_PROXY.")
        case httpx.ConnectError() if "CERTIFICATE" in str(error).upper():
            return Unreachable(f"{where} shows a certificate that is not trusted: {error}", "Is the address right?")
        case httpx.ConnectError():
            return Unreachable(f"{where} cannot be reached: {_reason(error)}", _network_hint(profile))
        case _:
            return Unreachable(f"{where} closed the connection without an answer", ASK_AGAIN)


def _broken(error: httpx.TransportError, profile: Profile) -> BrokenReply:
    """The error for an answer that broke off."""
    if isinstance(error, httpx.TimeoutException):
        line = f"The reply stopped coming: {profile.timeouts.silence:g} s of silence"
        return BrokenReply(line, "timeouts.silence of the profile says how long to wait. " + ASK_AGAIN)
    return BrokenReply("The connection broke in the middle of the reply", ASK_AGAIN)


def _reason(error: httpx.TransportError) -> str:
    """Why a connection could not be made, without the number the system gives it."""
    said = str(error).partition("] ")[2] or str(error) or "no reason given"
    return said[:1].lower() + said[1:]


def _network_hint(profile: Profile) -> str:
    if is_loopback(profile.base_url):
        return "Is the server running, and is that its port? chatrepl -p local needs none."
    return "Check the network and the base URL."


def origin(url: str) -> str:
    """Scheme, host and port of a URL: what may be shown of it."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{re.split('[/?#]', rest)[0].rpartition('@')[2]}"


def is_loopback(url: str) -> bool:
    """Whether a URL names this machine."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def first_model(client: Client, profile: Profile, key: str) -> Profile:
    """The profile with a model: its own, else the first that the server offers."""
    if profile.model:
        return profile
    offered = client.models(profile, key)
    if not offered:
        raise ConfigError(f"{profile.name} offers no model", "Name one: -m NAME or /model NAME")
    return replace(profile, model=offered[0].id)
