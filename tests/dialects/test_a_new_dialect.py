"""A protocol that nobody speaks is made while the program runs: one file, one line in the table, and it works."""

from pathlib import Path

import pytest

from chatrepl import dialects
from chatrepl.chat import turn
from chatrepl.config import reading
from chatrepl.conversation import question
from chatrepl.dialects import DIALECTS
from chatrepl.errors import ConfigError
from tests.support import faults
from tests.support.server import Server

PROTOCOL = '''
"""A protocol of three fields."""

from chatrepl.conversation import TextPart
from chatrepl.dialects.dialect import Dialect, Request
from chatrepl.dialects.framing import json_lines
from chatrepl.events import Finished, Text
import json


def encode(profile, conversation, key, *, stream):
    body = {"tell": profile.model, "what": conversation.turns[-1][0].text, "bit_by_bit": stream}
    return Request("POST", profile.base_url + "/tell", {"x-key": key}, body)


def decode(frames):
    for frame in frames:
        yield from decode_whole(json.loads(frame.data))


def decode_whole(value):
    yield Text(value["told"])
    if value["over"]:
        yield Finished("stop", "over")


DIALECT = Dialect(json_lines, frozenset({TextPart}), encode, decode, decode_whole, lambda *_: "")
'''


@pytest.fixture
def telling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "a_protocol_of_three_fields.py").write_text(PROTOCOL)
    monkeypatch.setattr(dialects, "__path__", [*dialects.__path__, str(tmp_path / "modules")])
    monkeypatch.setitem(DIALECTS, "telling", "a_protocol_of_three_fields")


CONFIG = """
[profiles.teller]
dialect = "telling"
base_url = "{}"
model = "m"
key_env = "THE_KEY"
"""


def test_a_dialect_is_one_file_and_one_line_of_the_table(telling: None, server: Server, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG.format(server.url))
    profile = reading.load(tmp_path / "config.toml").profile("teller")
    server.answers(faults.answer(200, '{"told": "Hel", "over": false}\n{"told": "lo", "over": true}\n', "text/plain"))
    with faults.session(tmp_path, profile) as seen:
        reply = turn.ask(seen.session, question("Hi")).message
        assert reply, seen.notes.getvalue()
    (request,) = server.requests
    assert (reply.text, reply.ending) == ("Hello", "stop")
    assert request.path.endswith("/tell")
    assert request.body == {"tell": "m", "what": "Hi", "bit_by_bit": True}
    assert request.headers["x-key"] == faults.KEY


def test_without_its_line_no_configuration_takes_it(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG.format("http://127.0.0.1:9"))
    with pytest.raises(ConfigError, match="dialect has to be one of openai-chat, "):
        reading.load(tmp_path / "config.toml")
