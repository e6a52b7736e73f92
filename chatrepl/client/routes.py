"""Which way a request goes: through which proxy, and what proves that the server is the right one."""

import importlib.util
import ipaddress
import os
import ssl
import sys
import urllib.request
from collections.abc import Mapping

from chatrepl import dataclass
from chatrepl.client.http import httpx
from chatrepl.config.config import Profile
from chatrepl.errors import ConfigError
from chatrepl.files.writing import path_of
from chatrepl.text import urls

PROXIES = ("http", "https", "socks5", "socks5h")


@dataclass(frozen=True)
class Route:
    """A way that connections can share: its proxy, "" for none, and what TLS is set up with."""

    proxy: str = ""
    tls: bool = False
    verify: bool = True
    ca_file: str = ""
    client_cert: str = ""
    client_key: str = ""


def route(profile: Profile, url: str, env: Mapping[str, str]) -> Route:
    """The way to that URL. What cannot be used is a ConfigError."""
    proxy = proxy_of(url, env)
    if proxy:
        _check_proxy(proxy)
    if not url.strip().lower().startswith("https:"):
        return Route(proxy)
    return Route(proxy, True, profile.verify, profile.ca_file, profile.client_cert, profile.client_key)


# Proxies


def proxy_of(url: str, env: Mapping[str, str]) -> str:
    """The URL of the proxy on the way there, "" for none. What is on this machine is reached without one."""
    scheme, host, port = urls.parts(url)
    if not host or urls.is_loopback(url):
        return ""
    names = (f"{scheme}_proxy", "all_proxy")
    spelled = [spelling for name in names for spelling in (name, name.upper())]
    told = next((env[name] for name in spelled if env.get(name)), "") or _system_proxy(scheme, host)
    if not told or _excepted(host, port, env.get("no_proxy") or env.get("NO_PROXY", "")):
        return ""
    return told if "://" in told else f"http://{told}"


def _system_proxy(scheme: str, host: str) -> str:
    """The proxy in the system's own settings, where there are some besides the environment."""
    if sys.platform not in ("win32", "darwin") or urllib.request.proxy_bypass(host):
        return ""
    return urllib.request.getproxies().get(scheme, "")


def _excepted(host: str, port: int, exceptions: str) -> bool:
    """Whether NO_PROXY names the host: itself, a domain it is in, its network, or ``*`` for all."""
    for entry in exceptions.lower().replace(",", " ").split():
        name, colon, its_port = entry.rpartition(":")
        if colon and its_port == str(port):
            entry = name
        entry = entry.strip("[]").removeprefix("*.").lstrip(".")
        if entry in ("*", host) or host.endswith(f".{entry}") or _in_network(host, entry):
            return True
    return False


def _in_network(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _check_proxy(proxy: str) -> None:
    try:
        scheme = httpx.Proxy(proxy).url.scheme
    except (ValueError, httpx.InvalidURL):
        scheme = ""
    if scheme not in PROXIES or not urls.parts(proxy)[1]:
        raise ConfigError(
            f"The proxy {urls.shown(proxy)} in the environment cannot be used",
            f"HTTPS_PROXY and ALL_PROXY name a URL that begins with {', '.join(PROXIES)}.",
        )
    if scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
        raise ConfigError(
            f"The proxy {urls.shown(proxy)} speaks SOCKS, which is an extra", "pip install 'chatrepl[socks]'"
        )


# TLS


def tls_context(way: Route) -> ssl.SSLContext | None:
    """What TLS is set up with on that way, None where there is none."""
    if not way.tls:
        return None
    context = _trusting(way)
    if way.client_cert:
        files = [str(path_of(name)) for name in (way.client_cert, way.client_key or way.client_cert)]
        try:
            context.load_cert_chain(files[0], files[1], lambda: b"")  # else OpenSSL asks for one at the terminal
        except OSError as error:
            raise ConfigError(
                f"The client certificate cannot be used: {', '.join(files)}: {_why(error)}",
                "client_cert is a PEM file with the certificate; client_key one with its key, without a password.",
            ) from None
    return context


def _trusting(way: Route) -> ssl.SSLContext:
    if not way.verify:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context
    if not way.ca_file:
        context = ssl.create_default_context()
        return context if _trusts_anybody(context) else httpx.create_ssl_context()
    path = path_of(way.ca_file)
    try:
        return ssl.create_default_context(cafile=str(path))
    except OSError as error:
        raise ConfigError(f"The ca_file cannot be used: {path}: {_why(error)}", "It is a PEM file.") from None


def _trusts_anybody(context: ssl.SSLContext) -> bool:
    """Whether the system has a trust store that OpenSSL finds; where it has none, httpx brings Mozilla's along.

    A folder of certificates is read when it is needed, so it does not count in the statistics.
    """
    folder = ssl.get_default_verify_paths().capath
    return bool(context.cert_store_stats()["x509_ca"]) or bool(folder and os.path.isdir(folder) and os.listdir(folder))


def _why(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return "it holds no usable certificate or key"
    return error.strerror or "it cannot be read"
