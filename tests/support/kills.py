"""chatrepl killed in the middle of a turn with tools, at any moment: ``python -m tests.support.kills 200``.

The turn asks, calls a tool twice, asks again, calls it once more, and answers. The program is killed after a share of
the time that this takes, and the session gone on with. It holds if the server, which is strict, takes what it is
sent, no call ran twice, what may have run is said, and every protocol would take the conversation.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from chatrepl.conversation import Conversation, ToolCallPart, ToolResultPart, question
from chatrepl.dialects import dialect
from chatrepl.sessions.journal import Journal
from chatrepl.sessions.steps import MAY_HAVE_RUN, NOT_RUN
from tests.support.calling import configured, wants
from tests.support.exchanges import PROFILE
from tests.support.program import run
from tests.support.server import Exchange, Script, Server, say, serving
from tests.support.strict import DOUBLES
from tests.support.terminal import environment

SLOW = 0.05
"""The seconds that each step takes longer, for a kill to fall into it."""

TURN = (wants({"city": "a"}, {"city": "b"}), wants({"city": "c"}), say("All ", "is ", "sunny."))


class Killed(NamedTuple):
    """What became of a turn that was killed."""

    steps: int
    """The entries of the journal by then; 0 where there was none yet."""
    ran: int
    told: tuple[str, ...]
    """What the results say of calls that were not seen to their end."""


def accepted(conversation: Conversation) -> None:
    """Every protocol takes the conversation, and a question behind it."""
    asking = conversation.asking(question("And now?"))
    for name, double in DOUBLES.items():
        body = dialect(name).encode(PROFILE, asking, "", stream=True).body
        assert body is not None
        double(body, ())


def slowly(script: Script) -> Script:
    """The same, with a pause before each piece."""

    def slow(exchange: Exchange) -> None:
        send = exchange.send

        def later(data: str | bytes) -> None:
            time.sleep(SLOW)
            send(data)

        exchange.send = later  # type: ignore[method-assign]
        script(exchange)

    return slow


def killed(home: Path, server: Server, seconds: float) -> Killed:
    """Kill a turn after so many seconds, go on with its session, and see that all holds."""
    configured(home)
    server.forget()
    server.answers(*map(slowly, TURN))
    words = ["--base-url", server.url, "-m", "m", "--tools", "weather", "--allow", "weather"]
    process = subprocess.Popen(
        [sys.executable, "-m", "chatrepl", *words, "How is it?"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(home),
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
    process.wait()
    server.forget()
    return _gone_on_with(home, server, words)


def _gone_on_with(home: Path, server: Server, words: list[str]) -> Killed:
    path = next((home / "sessions").glob("*.jsonl"), None) if (home / "sessions").exists() else None
    if path is None:
        return Killed(0, sum(ran(home).values()), ())
    steps = len(path.read_bytes().splitlines())
    server.answers(say("On it goes."))
    done = run(*words, "-r", path.stem, "And now?", home=home)
    assert done.returncode == 0, done.stderr.decode()
    DOUBLES["openai-chat"](server.requests[-1].body, ())
    conversation = Journal(path.read_bytes()).state.conversation
    accepted(conversation)
    found, told = ran(home), results(conversation)
    assert max(found.values(), default=0) <= 1, "a call ran twice"
    assert not [city for city, text in told.items() if text == NOT_RUN and found[city]], "it is said not to have run"
    assert not [city for city in found if city not in told], "it ran, and nothing is said of it"
    return Killed(steps, sum(found.values()), tuple(each for each in told.values() if each in (MAY_HAVE_RUN, NOT_RUN)))


def results(conversation: Conversation) -> dict[str, str]:
    """What the calls of a conversation gave, by their cities."""
    parts = [part for message in conversation.messages for part in message.parts]
    cities = {part.id: json.loads(part.arguments)["city"] for part in parts if isinstance(part, ToolCallPart)}
    return {cities[part.id]: part.text for part in parts if isinstance(part, ToolResultPart)}


def ran(home: Path) -> Counter[str]:
    """How often the tool was called with each city."""
    log = home / "log"
    return Counter(json.loads(line)["city"] for line in log.read_text().splitlines()) if log.exists() else Counter()


def main(times: int) -> None:
    """Kill that often, spread over the time that a turn takes, and tell what was met."""
    met: Counter[tuple[int, int, tuple[str, ...]]] = Counter()
    with serving() as server:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            killed(Path(folder), server, 60)
        whole = (time.monotonic() - began) * 0.75  # without the second start
        for place in range(times):
            with tempfile.TemporaryDirectory() as folder:
                met[killed(Path(folder), server, whole * (place + random.random()) / times)] += 1
    for (steps, calls, told), count in sorted(met.items()):
        doubtful = ", ".join(each.partition(":")[0].lower() for each in told)
        print(f"{count:4} times: {steps:2} entries, {calls} calls ran; {doubtful or 'none is lost'}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
