"""A request into events: what goes out, what comes back, and what is remembered of it."""

import json
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from itertools import islice
from pathlib import Path
from typing import Any

from chatrepl import __version__, dialects, replace
from chatrepl.client.ahead import Ahead
from chatrepl.client.exchange import Exchange
from chatrepl.client.failures import broken, unreachable, unusable
from chatrepl.client.http import httpx
from chatrepl.client.recording import OF_THE_WIRE, Recorder, shown_headers
from chatrepl.client.replaying import ReplayTransport
from chatrepl.client.routes import Route, route, tls_context
from chatrepl.client.transport import Clocks, Transport, bounded
from chatrepl.config.config import Profile
from chatrepl.config.place import Replay
from chatrepl.conversation import Conversation
from chatrepl.dialects import ModelInfo, Request, choices, dialect
from chatrepl.dialects.response import limited, read, read_models
from chatrepl.errors import ChatError, CommandError, ConfigError, Hint, Refused, RequestError
from chatrepl.events import Event, Text, Wait, Waiting, nobody
from chatrepl.text import urls
from chatrepl.text.halves import whole_characters
from chatrepl.text.redaction import Secrets
from chatrepl.text.shapes import parsed

LINGER = 0.1
"""So many seconds a body may go on after the last event of the reply in it."""

AFTER_THE_END = 1.5
"""So many seconds the last events may take once the reply is over, as the one with the usage."""


class Client:
    """Connections to servers, for one exchange at a time. One is enough for a session; ``close`` it in the end."""

    def __init__(
        self,
        env: Mapping[str, str],
        *,
        record: Path | None = None,
        warn: Callable[[str], None] = lambda _line: None,
        secrets: Secrets | None = None,
    ) -> None:
        """Every exchange is written to the folder ``record``, and ``warn`` is told if it cannot be. ``secrets`` learns
        those that go out."""
        self.secrets = secrets or Secrets()
        self.last: Exchange | None = None
        """The last question, and what became of it."""
        self._now: Exchange | None = None
        self._env = env
        self._record = record
        self._warn = warn
        self._clocks = Clocks()
        self._open: dict[Route | Replay, tuple[httpx.Client, Transport | None]] = {}
        self._opening = threading.Lock()
        self.ahead = Ahead(lambda profile: self._opened(route(profile, profile.base_url, env))[1], env)

    def ask(
        self, profile: Profile, conversation: Conversation, key: str, *, stream: bool = True, waiting: Waiting = nobody
    ) -> Generator[Event, None, None]:
        """The events of the reply to a conversation that ends with an open turn.

        Closing the iterator closes the connection, which is how a reply is stopped. ``waiting`` is called each time the
        network is about to be waited for.
        """
        speaks, ended = dialect(profile.dialect), set[int]()
        with self._answer(profile, dialects.request(profile, conversation, key, stream=stream), key, waiting) as answer:
            chunks = self._chunks(profile, answer, waiting)
            try:
                events = read(speaks, profile, answer.status_code, _headers(answer), chunks, stream=stream)
                for event in limited(events):
                    if type(event) is not Text and (place := choices.ending(event)) is not None and place not in ended:
                        ended.add(place)
                        if len(ended) == choices.wanted(profile):
                            self._clocks.linger(AFTER_THE_END)
                    yield event
                self._clocks.linger(LINGER)
                for _ in chunks:  # a body that is read to its end leaves a connection that can be used again
                    pass
            except RequestError:
                if 0 not in ended:  # once the reply is whole it does not matter how the connection ends
                    raise

    def models(self, profile: Profile, key: str) -> list[ModelInfo]:
        """What the server offers."""
        speaks = dialect(profile.dialect)
        if not speaks.models:
            raise CommandError(
                f"{profile.dialect} has no list of models",
                Hint("-m NAME sets one all the same.", "/model NAME sets one all the same."),
            )
        with self._answer(profile, speaks.models(profile, key), key, nobody) as answer:
            chunks = self._chunks(profile, answer, nobody)
            found = read_models(speaks, profile, answer.status_code, _headers(answer), chunks)
        return [replace(model, id=self.secrets.hide(model.id)) for model in found]

    def told(self, profile: Profile, request: Request, key: str) -> Any:
        """What the server answers to a request that is no question, as JSON; None where it refuses, or that is none."""
        last = self.last
        try:
            with self._answer(profile, request, key, nobody) as answer:
                body = b"".join(islice(self._chunks(profile, answer, nobody), 10_000))
            return parsed(body) if answer.status_code < 300 else None
        finally:
            self.last = last

    def reach(self, profile: Profile) -> None:
        """Get any answer at all from the server, without showing it the key."""
        with self._answer(profile, Request("GET", profile.base_url), "", nobody):
            pass

    def stop(self) -> None:
        """Let the exchange that goes on in another thread end within a quarter of a second, and none begin."""
        self._clocks.stopped = True

    def close(self) -> None:
        with self._opening:  # one may just be opened ahead
            for http, _ in self._open.values():
                http.close()

    # one exchange

    @contextmanager
    def _answer(self, profile: Profile, request: Request, key: str, waiting: Waiting) -> Iterator[httpx.Response]:
        """The answer, its body still to come. Whatever goes wrong in the block is told without secrets."""
        for secret in (key, *urls.secrets(request.url)):
            self.secrets.add(secret)
        self.secrets.add_headers(profile.headers)
        self._now = answer = None
        try:
            answer = self._send(profile, request, waiting)
            yield answer
        except ChatError as error:
            error.args = (self.secrets.hide(str(error)),)
            if self._now:
                self._now.failure = str(error)
            raise
        finally:
            if answer:
                answer.close()
            if self._now:
                self._now.over = self._clocks.now()

    def _send(self, profile: Profile, request: Request, waiting: Waiting) -> httpx.Response:
        way = Route() if isinstance(profile.place, Replay) else route(profile, request.url, self._env)
        http, network = self._opened(profile.place if isinstance(profile.place, Replay) else way)
        outgoing = _outgoing(http, profile, request)
        self._clocks.start(profile.timeouts)
        self._remember(profile, outgoing, way)
        try:
            answer = self._sent(http, outgoing, profile, waiting, anew=network is None)
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL):
            raise unusable(profile) from None
        except httpx.TransportError as error:
            raise unreachable(error, profile, way.proxy) from None
        if self._now:
            self._now.status = answer.status_code
            self._now.answer_headers = shown_headers(answer.headers, self.secrets, of_request=False)
        return answer

    def _sent(
        self, http: httpx.Client, outgoing: httpx.Request, profile: Profile, waiting: Waiting, *, anew: bool
    ) -> httpx.Response:
        """The answer to a request, which goes out again if a kept connection had died before a byte of it came; not
        where each request has a connection that is ``anew``."""
        while True:
            self._clocks.connected = anew

            def trace(event: str, _info: Mapping[str, Any]) -> None:
                if event == "connection.connect_tcp.started":
                    waiting(Wait(f"connecting to {urls.host_of(profile.base_url)}", profile.timeouts.connect))
                elif event == "http11.receive_response_headers.started":
                    self._clocks.sent()
                    waiting(Wait("waiting for the first word", profile.timeouts.first_byte))

            outgoing.extensions["trace"] = trace
            # What stands before the @ of a URL is for a server that is told nothing else.
            keyed = httpx.Auth() if "authorization" in outgoing.headers else httpx.USE_CLIENT_DEFAULT
            try:
                return http.send(outgoing, stream=True, auth=keyed)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                if self._clocks.connected or self._clocks.heard:
                    raise

    def _chunks(self, profile: Profile, answer: httpx.Response, waiting: Waiting) -> Iterator[bytes]:
        try:
            for chunk in answer.iter_raw():  # of a body that is compressed nothing is read
                self._clocks.flows = True
                if self._now:
                    self._now.came(chunk, self._clocks.now())
                yield chunk
                waiting(Wait("silent", profile.timeouts.silence))
        except httpx.TransportError as error:
            raise broken(error, profile) from None

    def _opened(self, way: Route | Replay) -> tuple[httpx.Client, Transport | None]:
        """What goes that way, and the network below it where there is one."""
        with self._opening:
            if way not in self._open:
                if isinstance(way, Replay):
                    self._open[way] = self._recorded(ReplayTransport(way, warn=self._warn)), None
                else:
                    network = Transport(self._clocks, tls_context(way), way.proxy)
                    self._open[way] = self._recorded(network), network
            return self._open[way]

    def _recorded(self, transport: httpx.BaseTransport) -> httpx.Client:
        if self._record:
            transport = Recorder(transport, self._record, self.secrets, self._warn, self._clocks.now)
        # Redirects are not followed: the key is meant for this host and no other.
        headers = {"User-Agent": f"chatrepl/{__version__}"}
        none = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        return httpx.Client(transport=transport, headers=headers, cookies=none, follow_redirects=False, trust_env=False)

    def _remember(self, profile: Profile, outgoing: httpx.Request, way: Route) -> None:
        self._now = Exchange(
            outgoing.method,
            self.secrets.hide(urls.shown(str(outgoing.url))),
            shown_headers(outgoing.headers, self.secrets, of_request=True),
            outgoing.read(),
            self.secrets,
            replace(way, proxy=urls.shown(way.proxy)),
            profile.key_env,
            self._clocks.now(),
        )
        if outgoing.method == "POST":  # a list of models is no question
            self.last = self._now


def _outgoing(http: httpx.Client, profile: Profile, request: Request) -> httpx.Request:
    limits = profile.timeouts
    given = {name: value for name, value in request.headers.items() if name.lower() not in OF_THE_WIRE}
    headers = {"Accept-Encoding": "identity", **given}  # compressed streams come in lumps
    content = None
    if request.body is not None:
        headers = {"Content-Type": "application/json", **headers}
        content = _as_json(profile, request.body)
    try:
        return http.build_request(
            request.method,
            urls.reachable(request.url),
            headers=headers,
            content=content,
            timeout=httpx.Timeout(bounded(limits.silence), connect=bounded(limits.connect)),
            extensions={"chatrepl": {"dialect": profile.dialect}},
        )
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError, TypeError):
        raise unusable(profile) from None


def _as_json(profile: Profile, body: Mapping[str, Any]) -> bytes:
    try:
        written = json.dumps(body, ensure_ascii=False, allow_nan=False)
        return whole_characters(written).encode()
    except (TypeError, ValueError, RecursionError) as error:
        line = f"The request for the profile {profile.name!r} cannot be written as JSON: {error}"
        hint = Hint(
            "-o NAME=VALUE changes an option.",
            "/request shows what is sent; /set changes an option, or leaves it out with off.",
        )
        raise ConfigError(line, hint) from None


def _headers(answer: httpx.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


def first_model(client: Client, profile: Profile, key: str) -> Profile:
    """The profile with a model: its own, else the first that the server offers; none where none needs to be named."""
    if profile.model:
        return profile
    try:
        offered = client.models(profile, key)
    except Refused as error:
        if error.status in (404, 405) and dialect(profile.dialect).modelless:
            return profile
        raise
    if not offered:
        raise ConfigError(f"{profile.name} offers no model", Hint("Name one: -m NAME", "Name one: /model NAME"))
    return replace(profile, model=offered[0].id)
