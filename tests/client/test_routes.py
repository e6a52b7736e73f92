"""Which way a request goes: proxies by the environment, TLS by the profile, and certificates in words."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatrepl.chat import guard, turn
from chatrepl.client.routes import proxy_of
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import question
from tests.support import faults
from tests.support.faults import KEY
from tests.support.program import run
from tests.support.server import Exchange, Server, say
from tests.support.tls import AUTHORITY, CERTIFICATES, secured

PROXIES = {
    "none": ("https://a.example/v1", {}, ""),
    "for https": ("https://a.example/v1", {"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
    "in lower case": ("https://a.example/v1", {"https_proxy": "http://proxy:3128"}, "http://proxy:3128"),
    "not for http": ("http://a.example/v1", {"HTTPS_PROXY": "http://proxy:3128"}, ""),
    "for http": ("http://a.example/v1", {"HTTP_PROXY": "proxy:3128"}, "http://proxy:3128"),
    "for all": ("https://a.example/v1", {"ALL_PROXY": "socks5://proxy"}, "socks5://proxy"),
    "the nearer one": ("https://a.example", {"ALL_PROXY": "http://all", "https_proxy": "http://one"}, "http://one"),
    "never to this machine": ("http://127.0.0.1:8080/v1", {"ALL_PROXY": "http://proxy"}, ""),
    "nor by its name": ("http://localhost:8080/v1", {"ALL_PROXY": "http://proxy"}, ""),
    "nor by its other address": ("http://[::1]:8080/v1", {"ALL_PROXY": "http://proxy"}, ""),
    "an exception": ("https://a.example/v1", {"ALL_PROXY": "http://proxy", "NO_PROXY": "b.example, a.example"}, ""),
    "a domain": ("https://a.b.example/v1", {"ALL_PROXY": "http://proxy", "no_proxy": ".b.example"}, ""),
    "a domain with a star": ("https://a.b.example/v1", {"ALL_PROXY": "http://proxy", "no_proxy": "*.b.example"}, ""),
    "another domain": ("https://ab.example/v1", {"ALL_PROXY": "http://p", "no_proxy": "b.example"}, "http://p"),
    "a port": ("https://a.example:8443/v1", {"ALL_PROXY": "http://p", "no_proxy": "a.example:8443"}, ""),
    "another port": ("https://a.example/v1", {"ALL_PROXY": "http://p", "no_proxy": "a.example:8443"}, "http://p"),
    "a port that is none": ("https://a.example:2/v1", {"ALL_PROXY": "http://p", "no_proxy": "a.example:²"}, "http://p"),
    "an address of version 6": (
        "https://[2001:db8::1]:8/v1",
        {"ALL_PROXY": "http://p", "no_proxy": "[2001:db8::1]:8"},
        "",
    ),
    "its plain form": ("https://[2001:db8::1]:8/v1", {"ALL_PROXY": "http://p", "no_proxy": "2001:db8::1"}, ""),
    "a network": ("https://10.1.2.3/v1", {"ALL_PROXY": "http://p", "no_proxy": "10.0.0.0/8"}, ""),
    "everything": ("https://a.example/v1", {"ALL_PROXY": "http://p", "no_proxy": "*"}, ""),
    "no URL": ("https://[", {"ALL_PROXY": "http://p"}, ""),
}


@pytest.mark.parametrize("case", PROXIES)
def test_the_proxy_is(case: str) -> None:
    url, env, proxy = PROXIES[case]
    assert proxy_of(url, env) == proxy


def profile_at(url: str, **more: Any) -> Profile:
    return Profile("test", dialect="openai-chat", place=Url(url), model="m", retries=0, **more)


def asked(home: Path, profile: Profile, **env: str) -> str:
    """What one turn with that profile printed: the reply, or the error and its hint."""
    with faults.session(home, profile) as seen:
        seen.session.env = seen.session.connection.env = {**seen.session.env, **env}
        turn.ask(seen.session, question("Hi"))
        return seen.out.getvalue() + seen.notes.getvalue()


# Proxies on real sockets


@contextmanager
def proxy(server: Server) -> Iterator[tuple[str, list[str]]]:
    """A proxy that takes every request to the scripted server: its address, and the first lines of what it got."""
    lines: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=carry, args=listening.accept()[:1], daemon=True).start()

        def carry(inward: socket.socket) -> None:
            with inward, suppress(OSError):
                head = b""
                while b"\r\n\r\n" not in head or (head.startswith(b"POST") and not head.endswith(b"}")):
                    head += inward.recv(65536)
                lines.append(head.decode("latin-1"))
                if head.startswith(b"CONNECT") or b"Proxy-Authorization" not in head:
                    inward.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                    return
                with socket.create_connection(("127.0.0.1", int(server.url.split(":")[2].split("/")[0]))) as outward:
                    outward.sendall(head)
                    while data := outward.recv(65536):
                        inward.sendall(data)

        threading.Thread(target=accept, daemon=True).start()
        yield f"127.0.0.1:{listening.getsockname()[1]}", lines


def test_a_request_goes_by_way_of_the_proxy_with_its_password(server: Server, tmp_path: Path) -> None:
    server.answers(say("By proxy"))
    with proxy(server) as (address, lines):
        printed = asked(tmp_path, profile_at("http://a.example/v1"), HTTP_PROXY=f"http://me:open@{address}")
    assert "By proxy" in printed
    (line,) = (line for line in lines if line.startswith("POST"))  # the models are asked for beside it
    assert line.startswith("POST http://a.example/v1/chat/completions HTTP/1.1")


def test_the_doctor_goes_the_way_that_a_question_would_go(server: Server, home: Path) -> None:
    by_hand = ("--dialect", "scale-egp", "-m", "m")  # which has no list of models to ask for
    with proxy(server) as (address, lines):
        words = (*by_hand, "--base-url", "http://a.example/v1", "--doctor")
        done = run(*words, home=home, HTTP_PROXY=f"http://me:open@{address}")
    assert b"http://a.example can be reached" in done.stdout
    assert lines[0].startswith("GET http://a.example/v1 HTTP/1.1")
    with secured(server, "server") as url:
        home.mkdir(exist_ok=True)
        (home / "config.toml").write_text(
            f'[profiles.own]\ndialect = "scale-egp"\nbase_url = "{url}"\nca_file = "{AUTHORITY}"\nmodel = "m"\n'
        )
        assert b"can be reached" in run("-p", "own", "--doctor", home=home).stdout


def test_a_proxy_that_refuses_is_named_without_its_password(server: Server, tmp_path: Path) -> None:
    with proxy(server) as (address, lines):
        printed = asked(tmp_path, profile_at("https://a.example/v1"), HTTPS_PROXY=f"http://me:{KEY}@{address}")
    assert lines[0].startswith("CONNECT a.example:443 ")
    assert f"The proxy http://{address} refuses the way to https://a.example: 407" in printed
    assert KEY not in printed


def test_a_proxy_that_is_not_there_is_named(server: Server, tmp_path: Path) -> None:
    away = faults.closed_port(server).removesuffix("/v1")
    printed = asked(tmp_path, profile_at("https://a.example/v1"), ALL_PROXY=away)
    assert f"https://a.example cannot be reached by way of the proxy {away}: connection refused" in printed


@pytest.mark.parametrize("address", ["ftp://proxy", "http://[", "socks9://proxy"])
def test_a_proxy_that_makes_no_sense_is_a_line(tmp_path: Path, address: str) -> None:
    assert "in the environment cannot be used" in asked(tmp_path, profile_at("https://a.example"), ALL_PROXY=address)


def test_socks_is_an_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "socksio", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    printed = asked(tmp_path, profile_at("https://a.example"), ALL_PROXY="socks5://127.0.0.1:1")
    assert "pip install 'chatrepl[socks]'" in printed


# TLS on real sockets


UNTRUSTED = {
    "of an authority nobody knows": ("server", {}, "comes from an authority that this machine does not know"),
    "signed by itself": ("alone", {"ca_file": AUTHORITY}, "is signed by itself alone"),
    "expired": ("expired", {"ca_file": AUTHORITY}, "has expired"),
    "of somebody else": ("other", {"ca_file": AUTHORITY}, "is for another address"),
}


@pytest.mark.parametrize("case", UNTRUSTED)
def test_a_certificate_is_explained(server: Server, tmp_path: Path, case: str) -> None:
    certificate, more, line = UNTRUSTED[case]
    with secured(server, certificate) as url:
        printed = asked(tmp_path, profile_at(url, **more))
    assert f"The certificate of {url.removesuffix('/v1')} {line}" in printed
    assert not server.requests


def test_a_profile_may_trust_an_authority_of_its_own(server: Server, tmp_path: Path) -> None:
    with secured(server, "server") as url:
        assert "Hello" in asked(tmp_path, profile_at(url, ca_file=AUTHORITY))


def test_a_profile_may_trust_anybody_and_says_so(server: Server, tmp_path: Path) -> None:
    with secured(server, "expired") as url:
        printed = asked(tmp_path, profile_at(url, verify=False))
    assert "Hello" in printed
    assert "is not verified: verify = false in the profile 'test'" in printed


def test_a_server_may_ask_for_a_client_certificate(server: Server, tmp_path: Path) -> None:
    trusting = profile_at("", ca_file=AUTHORITY)
    mine = replace(trusting, client_cert=str(CERTIFICATES / "client.pem"), client_key=str(CERTIFICATES / "client.key"))
    with secured(server, "server", clients=True) as url:
        assert "asks for a client certificate" in asked(tmp_path, replace(trusting, place=Url(url)))
        assert "Hello" in asked(tmp_path, replace(mine, place=Url(url)))


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"ca_file": "nowhere.pem"}, "The ca_file cannot be used: nowhere.pem: No such file"),
        ({"ca_file": str(CERTIFICATES / "client.key")}, "it holds no usable certificate or key"),
        ({"client_cert": "nowhere.pem"}, "The client certificate cannot be used"),
        ({"client_cert": AUTHORITY}, "it holds no usable certificate or key"),
    ],
)
def test_files_that_cannot_be_used_are_a_line(tmp_path: Path, settings: dict[str, str], line: str) -> None:
    assert line in asked(tmp_path, profile_at("https://127.0.0.1:1/v1", **settings))


def test_the_limits_hold_through_tls_too(server: Server, tmp_path: Path) -> None:
    server.answers(Exchange.wait_for_hang_up)
    with secured(server, "server") as url:
        printed = asked(tmp_path, profile_at(url, ca_file=AUTHORITY, timeouts=replace(faults.QUICK, first_byte=0.1)))
    assert "sent nothing for 0.1 s" in printed
    assert server.requests[0].closed.wait(20)


def test_a_key_that_goes_unencrypted_to_another_machine_is_warned_about_once(tmp_path: Path) -> None:
    profile = profile_at("http://gpu.example:8000/v1", key_env="THE_KEY")
    with faults.session(tmp_path, profile) as seen:
        for _ in range(2):
            guard.warn(seen.session)
        seen.session.switch(replace(profile, place=Url("http://127.0.0.1:8000/v1")))
        guard.warn(seen.session)
        assert seen.notes.getvalue().count("unencrypted") == 1
        assert KEY not in seen.notes.getvalue()
