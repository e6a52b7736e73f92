"""What went wrong with real servers, as bug reports tell it: each answer through a socket and a session."""

from pathlib import Path
from typing import NamedTuple

import pytest

from chatrepl.chat import turn
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import question
from tests.support import faults
from tests.support.exchanges import CAPTURES
from tests.support.server import Exchange, Script, Server

LONG = "The conversation is too long for this model"


class Case(NamedTuple):
    """An answer (two after one another), and what has to come of it; None and "" are not looked at."""

    answer: str
    text: str | None = None
    thinking: str | None = None
    finish: str = ""
    usage: tuple[int, int] | None = None
    told: str = ""
    untold: str = ""
    waited: float = 0


CASES = [
    Case("openai-chat/field-stream-numeric-content", "It costs $0.005 [1]"),
    Case("openai-chat/field-stream-last-chunk-is-the-whole-message", "Hello", "", "stop"),
    Case("openai-chat/field-error-in-message", told="stream_options.include_usage: Extra inputs are not permitted"),
    Case("openai-chat/field-error-in-detail", told="the deployment sleeps"),
    Case("openai-responses/field-stream-reasoning-content-index-grows", "Hi", "I am thinking"),
    Case("openai-chat/field-stream-events-one-newline-apart", "ABC", "", "stop"),
    Case("openai-chat/field-stream-raw-control-characters", "a\tb\x1b[1mc", "", "stop"),
    Case("openai-responses/field-stream-text-in-item-done-alone", "All of it", "", "stop"),
    Case("openai-responses/field-stream-response-done", "Hi", "", "stop", (3, 4)),
    Case("anthropic/field-stream-whole-reply-called-a-stream-anthropic", "Whole", "", "stop"),
    Case("openai-responses/field-stream-whole-reply-called-a-stream-responses", "Whole", "", "stop"),
    Case("openai-chat/field-error-wait-in-words openai-chat/field-stream-after-wait", "ok", waited=1.9),
    Case("openai-chat/field-error-throttling", told="Too many tokens", untold="too long for this model"),
    Case("openai-chat/field-stream-heartbeat-that-is-no-json", "AB", "", "stop"),
    Case("openai-chat/field-stream-split-surrogates", "Smile \U0001f600 end"),
    Case("openai-chat/field-stream-usage-in-the-choice", "Hi", usage=(3, 4)),
    Case("openai-chat/field-stream-reasoning-details-alone", "Yes", "let me see"),
    Case("openai-chat/field-stream-image-in-the-reply", told="image", untold="answered nothing"),
    Case("openai-chat/field-stream-error-in-the-choice", "Partial ", told="upstream timed out"),
    Case("openai-chat/field-whole-zstd", told="zstd", untold="\x00"),
    Case("openai-chat/field-error-context-allowed", told=LONG),
    Case("openai-chat/field-error-context-range", told=LONG),
    Case("anthropic/field-stream-start-block-repeats-delta", "Hello world"),
    Case("openai-chat/dasllama-error-context", told=LONG),
    Case("openai-chat/dasllama-error-image", told="takes no images"),
    Case("openai-responses/litellm-error-500-sse", told="Error processing stream start", untold="data:"),
    Case("openai-chat/lmproxy-error-key", told="Incorrect API key provided"),
    Case("openai-chat/lmproxy-midstream-error", told=LONG),
    Case("openai-chat/mockllm-error-500", told="Expected ',' or '}'"),
    Case("openai-completions/ogx-stream-native", told="The reply holds no choices"),
    Case("openai-completions/ogx-whole-native", told="The reply holds no choices"),
    Case("openai-completions/velocityllm-error-429", told="SLA admission shed"),
]


def raw(path: Path) -> Script:
    """The bytes of a capture, as they are."""

    def script(exchange: Exchange) -> None:
        head, _, body = path.read_bytes().replace(b"\r\n\r\n", b"\n\n", 1).partition(b"\n\n")
        lines = [line.strip() for line in head.splitlines()]
        kept = [line for line in lines if not line.lower().startswith((b"transfer-encoding", b"connection", b"keep"))]
        exchange.head_lines(kept)
        exchange.send(body)

    return script


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.answer)
def test_an_answer_from_the_field_becomes_what_it_means(server: Server, tmp_path: Path, case: Case) -> None:
    paths = [CAPTURES / f"{name}.http" for name in case.answer.split()]
    tries = 3 if len(paths) == 1 else 1  # what may be asked again gets the same answer
    server.answers(*map(raw, paths * tries))
    profile = Profile("test", dialect=paths[0].parent.name, place=Url(server.url), model="m")
    with faults.session(tmp_path, profile) as seen:
        reply = turn.ask(seen.session, question("Hello")).message
        told = seen.out.getvalue() + seen.notes.getvalue()
        if case.text is not None:
            assert reply
            assert reply.text == case.text
            assert case.thinking in (None, reply.thinking)
            assert case.finish in ("", reply.ending)
        if case.usage:
            assert reply
            assert reply.usage
            assert (reply.usage.input, reply.usage.output) == case.usage
        assert case.told in " ".join(told.split())
        assert not case.untold or case.untold not in told
        assert not case.waited or seen.slept[0] >= case.waited
