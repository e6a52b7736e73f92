"""A person at the prompt: lines typed, and what the server got of them."""

import shlex
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.server import Exchange, Script, Server, chunk, held
from tests.support.terminal import Terminal, environment

CTRL_Z = "\x1a"


def ask(chat: Terminal, text: str, awaited: str) -> None:
    """Send a line and wait for what it brings, once more than it stands there already, and for the next prompt."""
    times = chat.count(awaited) + 1
    chat.line(text)
    chat.wait_for(awaited, times=times)
    chat.wait_for_prompt()


def sent(server: Server, number: int = -1) -> list[tuple[str, str]]:
    """Role and content of each message in a request the server got."""
    return [(message["role"], message["content"]) for message in server.requests[number].body["messages"]]


def say_slowly(release: threading.Event) -> Script:
    def script(exchange: Exchange) -> None:
        exchange.head()
        exchange.send(chunk("one "))
        held(release, lambda exchange: None)(exchange)
        exchange.send(chunk("two"))
        exchange.send(chunk(finish="stop") + "data: [DONE]\n\n")

    return script


@contextmanager
def shell(server: Server, home: Path, *flags: str) -> Iterator[Terminal]:
    """chatrepl at its prompt in a shell with job control, whose prompt is "$"."""
    words = [sys.executable, "-m", "chatrepl", "--base-url", server.url, "-m", "m", *flags]
    terminal = Terminal(["bash", "--norc", "--noediting", "-i"], environment(home, PS1="$ "), columns=200)
    try:
        terminal.line(f"stty sane; {shlex.join(words)}")
        terminal.wait_for_prompt()
        yield terminal
    finally:
        terminal.close()
