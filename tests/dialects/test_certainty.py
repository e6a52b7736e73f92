"""Log probabilities in the shapes of the protocols, with what is no number and no text."""

import json
from pathlib import Path
from typing import Any

import pytest

from chatrepl.dialects import certainty
from chatrepl.events import Certainty
from tests.support.program import run
from tests.support.server import Server, whole

ENTRY = {"token": "Hi", "bytes": [72, 105], "logprob": -0.5, "top_logprobs": [{"token": "Yo", "logprob": -1.5}]}
HI = Certainty("Hi", -0.5, (("Yo", -1.5),))


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"content": [ENTRY]}, [HI]),
        ([ENTRY], [HI]),
        ({"tokens": ["Hi"], "token_logprobs": [-0.5], "top_logprobs": [{"Yo": -1.5}]}, [HI]),
        ({"tokens": ["Hi"], "token_logprobs": [None], "top_logprobs": None}, [Certainty("Hi")]),
        ([{"token": "\ufffd", "logprob": float("-inf")}], [Certainty("\ufffd")]),
        ([{"logprob": -1}, "x", None], []),
        (None, []),
    ],
)
def test_each_shape_is_read(told: Any, found: list[Certainty]) -> None:
    assert list(certainty.told(told)) == found


def test_they_come_out_in_json(server: Server, home: Path) -> None:
    choice = {"message": {"content": "Hi"}, "finish_reason": "stop", "logprobs": {"content": [ENTRY]}}
    server.answers(whole({"choices": [choice]}))
    done = run("--base-url", server.url, "-m", "m", "-o", "logprobs=true", "--json", "Hi", home=home)
    (token,) = json.loads(done.stdout)["logprobs"]
    assert (token["token"], token["logprob"], token["offset"]) == ("Hi", -0.5, 0)
    assert token["alternatives"] == [{"token": "Yo", "logprob": -1.5}]
    assert server.requests[-1].body["logprobs"] is True
