"""A session whose model may call a program, or the tools of servers, with a user who gives prepared answers."""

import io
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chatrepl import config
from chatrepl.chat import turn
from chatrepl.chat.outcome import Outcome
from chatrepl.chat.session import Session
from chatrepl.chat.tooling import Tooling
from chatrepl.chat.user import User
from chatrepl.config import reading
from chatrepl.config.config import Profile, Ui
from chatrepl.config.place import Url
from chatrepl.conversation import question
from chatrepl.terminal.screen.screen import Screen
from tests.support.server import PATIENCE, Exchange, Script, Server, chunk

SUPPORT = Path(__file__).parent

PROGRAM = """import json, sys, time
said = json.load(sys.stdin)
with open(sys.argv[1], "a") as log: print(json.dumps(said), file=log)
if said.get("fail"): sys.exit("no such city")
if said.get("wait"):
    open(sys.argv[1] + ".begun", "w").close()
    time.sleep(60)
print("sunny in", said.get("city"))
"""


USAGE = {"prompt_tokens": 50, "completion_tokens": 7, "total_tokens": 57}
"""Of a reply that calls tools."""


def wants(*calls: dict[str, Any] | str, name: str = "weather", finish: str = "tool_calls") -> Script:
    """A reply that calls the tool with each of these arguments."""
    texts = [call if isinstance(call, str) else json.dumps(call) for call in calls]
    pieces = [
        {"index": place, "id": f"call_{place}", "function": {"name": name, "arguments": text}}
        for place, text in enumerate(texts)
    ]

    def script(exchange: Exchange) -> None:
        exchange.head()
        delta = {"content": "Let me see.", "tool_calls": pieces}
        exchange.send(f"data: {json.dumps({'model': 'm', 'choices': [{'index': 0, 'delta': delta}]})}\n\n")
        exchange.send(chunk(finish=finish, usage=USAGE) + "data: [DONE]\n\n")

    return script


class Chat:
    """A session with a tool, whose user gives the answers of a list."""

    def __init__(self, home: Path, server: Server, *answers: str, allow: tuple[str, ...] = (), prompt: bool = True):
        self.server, self.answers, self.questions = server, list(answers), list[str]()
        configured(home)
        self.log = home / "log"
        self.out = io.StringIO()
        env = {"CHATREPL_HOME": str(home), "PATH": os.environ["PATH"]}
        screen = Screen(self.out, self.out, env)
        profile = Profile("test", dialect="openai-chat", place=Url(server.url), model="m")
        self.session = Session(
            reading.load(home / "config.toml"),
            config.places(env),
            env,
            profile,
            screen,
            ui=Ui(calls=4),
            user=User(self._answer, has_prompt=prompt, means_it=not prompt),
            tooling=Tooling(["weather"], allow),
        )

    def _answer(self, asked: str) -> str:
        self.questions.append(asked)
        return self.answers.pop(0) if self.answers else ""

    def ask(self, *scripts: Script) -> Outcome:
        self.server.answers(*scripts)
        return turn.ask(self.session, question("How is it?"))

    @property
    def ran(self) -> list[dict[str, Any]]:
        """What the program was called with."""
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    @property
    def results(self) -> list[str]:
        """The results in the last request."""
        body = self.server.requests[-1].body
        return [message["content"] for message in body["messages"] if message["role"] == "tool"]


def configured(home: Path) -> None:
    home.mkdir(exist_ok=True)
    (home / "weather.py").write_text(PROGRAM)
    command = json.dumps([sys.executable, str(home / "weather.py"), str(home / "log")])
    path = home / "config.toml"
    path.write_text(f'[tools.weather]\ncommand = {command}\nparameters = {{ city = "string" }}\n')
    path.chmod(0o600)


def with_servers(home: Path, chat: Chat, **commands: list[str]) -> None:
    """Let there be these servers too, and all of them on."""
    with (home / "config.toml").open("a") as file:
        for name, command in commands.items():
            file.write(f"[mcp.{name}]\ncommand = {json.dumps(command)}\n")
    chat.session.config = reading.load(home / "config.toml")
    chat.session.tooling.names = tuple(commands)


def until(met: Callable[[], bool]) -> None:
    """Wait for it."""
    deadline = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.01)
