"""The key of a profile, read when it is needed: from the environment, a file or a command. It is never stored."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

from chatrepl import replace
from chatrepl.config.config import Profile, address
from chatrepl.errors import ChatError, ConfigError, Hint
from chatrepl.files import reading
from chatrepl.files.writing import path_of
from chatrepl.terminal.signals import cooked
from chatrepl.text import safe, urls
from chatrepl.text.redaction import Secrets, is_secret

SECOND_NAMES: dict[str, tuple[str, ...]] = {
    "AI_GATEWAY_API_KEY": ("VERCEL_AI_GATEWAY_API_KEY", "VERCEL_API_KEY"),
    "COHERE_API_KEY": ("CO_API_KEY",),
    "GEMINI_API_KEY": ("GOOGLE_API_KEY",),
    "HF_TOKEN": ("HUGGINGFACE_API_KEY", "HUGGING_FACE_HUB_TOKEN"),
    "MOONSHOT_API_KEY": ("MOONSHOTAI_API_KEY",),
    "SCW_SECRET_KEY": ("SCALEWAY_API_KEY",),
    "SPELLBOOK_API_KEY": ("EGP_API_KEY",),
    "ZAI_API_KEY": ("ZHIPU_API_KEY",),
}
"""The other names that vendors' own programs know a key by."""

MOST = 65_536
"""The most bytes of a key, wherever it is from."""

ALONE = "Let the configuration be yours alone: chmod go-w for it and its folder."
"""What to do about a configuration that others can write."""

COMMAND_SECONDS = 30
"""How long a key command may take: time enough to unlock a password store."""


def read(profile: Profile, env: Mapping[str, str]) -> str:
    """The key, or "" where the profile names none. A named key that cannot be had is a ConfigError."""
    if profile.key_command:
        key = _from_command(profile, env)
    elif profile.key_file:
        key = _from_file(profile)
    else:
        if error := missing(profile, env):
            raise error
        key = _in_environment(profile, env)
    key = key.strip()
    if not key.isascii() or any(character.isspace() or not character.isprintable() for character in key):
        raise ConfigError(f"The key of the profile {profile.name!r} holds a character that no key has")
    return key


class Keys:
    """The keys that were read so far."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.secrets = Secrets()
        """No server's words are shown or kept with one of them in it."""
        self._commands: set[tuple[str, ...]] = set()
        """The commands that told a key."""
        self._fetched: dict[tuple[str, ...], str | ChatError] = {}
        """What came of the commands that were run ahead of a request."""

    def fetch(self, profile: Profile) -> None:
        """Get to know the key. Its command is run now, and what comes of it, a failure too, is for the next request."""
        fetched: str | ChatError
        try:
            fetched = self._read(profile)
        except ChatError as error:
            fetched = error
        if profile.key_command:
            self._fetched[profile.key_command] = fetched

    def key(self, profile: Profile) -> str:
        """The key for a request."""
        fetched = self._fetched.pop(profile.key_command, None)
        if isinstance(fetched, ChatError):
            raise fetched
        return fetched or self._read(profile)

    def knows(self, profile: Profile) -> bool:
        """Whether no command has to be run to know the key."""
        return not profile.key_command or profile.key_command in self._commands

    def _read(self, profile: Profile) -> str:
        key = read(profile, self._env)
        self.secrets.add(key)
        if profile.key_command:
            self._commands.add(profile.key_command)
        return key


def warnings(profile: Profile, env: Mapping[str, str]) -> Iterator[str]:
    """What is not safe about how this profile reaches its server."""
    if not profile.place.remote:
        return
    url = address(profile, env)
    where = urls.origin(url)
    if not profile.verify:
        yield f"Who answers at {where} is not verified: verify = false in the profile {profile.name!r}"
    secret = (
        profile.needs_key or any(is_secret(*header) for header in profile.headers.items()) or urls.shown(url) != url
    )
    if secret and url.lower().startswith("http://") and not urls.is_loopback(url):
        yield f"The key of the profile {profile.name!r} goes to {where} unencrypted: others on the network can read it"


def missing(profile: Profile, env: Mapping[str, str]) -> ConfigError | None:
    """The error for a key that the environment should hold and does not, None where all is well."""
    elsewhere = profile.key_command or profile.key_file or _moved(profile, env)
    if not (profile.place.remote and profile.key_env) or has_key(profile, env) or elsewhere:
        return None
    how = f"Set it (export {profile.key_env}=...), or talk to the embedded model"
    return ConfigError(
        f"The profile {profile.name!r} needs a key, and {profile.key_env} is not set",
        Hint(f"{how}: -p local", f"{how}: /profile local"),
    )


def without_secrets(profile: Profile) -> Profile:
    """The profile without all that is for its own server alone."""
    headers = {name: value for name, value in profile.headers.items() if not is_secret(name, value)}
    return replace(profile, key_env="", key_command=(), key_file="", client_cert="", client_key="", headers=headers)


def at_hand(profile: Profile, env: Mapping[str, str]) -> bool:
    """Whether the environment alone makes this profile usable: it holds the key, or tells another address."""
    return bool(_moved(profile, env) or (profile.place.url and has_key(profile, env)))


def _moved(profile: Profile, env: Mapping[str, str]) -> str:
    return env.get(profile.base_url_env, "").strip()


def has_key(profile: Profile, env: Mapping[str, str]) -> bool:
    """Whether the environment holds the key."""
    return bool(_in_environment(profile, env))


def _in_environment(profile: Profile, env: Mapping[str, str]) -> str:
    names = (profile.key_env, *SECOND_NAMES.get(profile.key_env, ()))
    return next(filter(None, map(env.get, names)), "")


def _from_file(profile: Profile) -> str:
    path = path_of(profile.key_file)
    try:
        return reading.bounded(path, MOST).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigError(f"The key file of the profile {profile.name!r} cannot be read: {path}: {reason}") from None


def _from_command(profile: Profile, env: Mapping[str, str]) -> str:
    command = profile.key_command[0]
    if profile.distrust:
        raise ConfigError(f"The key command {command!r} is not run: {profile.distrust}", ALONE)
    try:
        with cooked(sys.stdin):  # it may ask for a password
            return _printed(profile.key_command, env).decode("utf-8")
    except subprocess.TimeoutExpired:
        raise ConfigError(f"The key command {command!r} took more than {COMMAND_SECONDS} seconds") from None
    except subprocess.CalledProcessError as error:
        raise ConfigError(f"The key command {command!r} failed with status {error.returncode}") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "what it printed is not text"
        raise ConfigError(f"The key command {command!r} cannot be used: {reason}") from None


def _printed(command: Sequence[str], env: Mapping[str, str]) -> bytes:
    """What the command prints. It finds the variables that carry secrets only where it names them; what it says on its
    standard error, which may be a question, is shown while it comes."""
    from chatrepl.text.environment import for_children, named  # a key in the environment needs no program

    given = for_children(env, named(command))
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=given)
    assert child.stdout
    late = threading.Event()
    alarm = threading.Timer(COMMAND_SECONDS, _end, (child, late))
    telling = threading.Thread(target=_tell, args=(child.stderr,), daemon=True)
    for thread in (alarm, telling):
        thread.start()
    try:
        with child.stdout:
            printed = child.stdout.read(MOST + 1)
        if len(printed) > MOST:
            raise OSError(0, f"it prints more than {MOST:,} bytes")
        status = child.wait()
    finally:
        alarm.cancel()
        child.kill()
        child.wait()
    telling.join(0.5)  # a program that it left behind may hold the pipe
    if late.is_set():
        raise subprocess.TimeoutExpired(list(command), COMMAND_SECONDS)
    if status:
        raise subprocess.CalledProcessError(status, list(command))
    return printed


def _end(child: "subprocess.Popen[bytes]", late: threading.Event) -> None:
    late.set()
    child.kill()


def _tell(errors: IO[bytes]) -> None:
    with errors:
        while piece := os.read(errors.fileno(), 4096):
            sys.stderr.write(safe.text(piece.decode("utf-8", "replace")))
            sys.stderr.flush()
