"""Other programs that can be measured beside ours: how each is told of our server, and started."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple


class Peer(NamedTuple):
    """A program that chats: how it is started, what it shows when it awaits a line, and what sends one."""

    command: tuple[str, ...]
    ready: bytes
    enter: str
    settings: Callable[[str], tuple[str, str]]
    """For the address of a server: a file below the home folder, and what it has to hold."""


PEERS: Mapping[str, Peer] = {
    "llm": Peer(
        ("llm", "chat", "-m", "bench"),
        b"\n> ",
        "\n",
        lambda url: ("llm/extra-openai-models.yaml", f"- {{model_id: bench, model_name: m, api_base: '{url}'}}\n"),
    ),
    "gpt-cli": Peer(
        ("gpt", "--model", "gpt-4o"),
        b"\x1b[?2004h",
        "\r",
        lambda url: (".config/gpt-cli/gpt.yml", f"{{openai_base_url: '{url}', openai_api_key: none}}\n"),
    ),
    "sgpt": Peer(
        ("sgpt", "--no-cache", "--repl", "temp"),
        b">>> ",
        "\n",
        lambda url: (
            ".config/shell_gpt/.sgptrc",
            f"OPENAI_API_KEY=none\nAPI_BASE_URL={url}\nDEFAULT_MODEL=gpt-4o\nOPENAI_USE_FUNCTIONS=false\n",
        ),
    ),
}


def installed(home: Path, url: str) -> Iterator[tuple[str, Peer]]:
    """Those on the PATH, with what they need to know of the server written below ``home``."""
    for name, peer in PEERS.items():
        if shutil.which(peer.command[0]):
            place, text = peer.settings(url)
            (home / place).parent.mkdir(parents=True, exist_ok=True)
            (home / place).write_text(text, "utf-8")
            yield name, peer
