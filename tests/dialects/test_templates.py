"""A conversation as one prompt: the templates, and the options that choose them."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from chatrepl.conversation import Conversation, TextPart
from chatrepl.dialects import dialect
from chatrepl.dialects.templates import TEMPLATES, template
from chatrepl.errors import ConfigError
from tests.support.exchanges import PROFILE, assistant, user

TURN = (user(TextPart("One?")), assistant(TextPart(" One. ")))
OPEN = user(TextPart("Two?"))
PROMPTS = {
    "chatml": (
        "<|im_start|>system\nBe brief.<|im_end|>\n"
        "<|im_start|>user\nOne?<|im_end|>\n<|im_start|>assistant\nOne.<|im_end|>\n"
        "<|im_start|>user\nTwo?<|im_end|>\n<|im_start|>assistant\n"
    ),
    "llama3": (
        "<|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nOne?<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\nOne.<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nTwo?<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    ),
    "plain": "Be brief.\n\nUser: One?\nAssistant: One.\nUser: Two?\nAssistant:",
    "<s>{turn}[INST] {user} [/INST] {assistant}</s>": (
        "<s>[INST] Be brief.\n\nOne? [/INST] One.</s>[INST] Two? [/INST]"
    ),
}
STOPS = ["<|im_end|>", "<|eot_id|>", "\nUser:", "</s>"]


def body(conversation: Conversation, **options: Any) -> dict[str, Any]:
    profile = replace(PROFILE, options=options)
    sent = dialect("openai-completions").encode(profile, conversation, "", stream=False).body
    assert sent is not None
    return sent


def test_every_built_in_template_is_tried_here() -> None:
    assert set(TEMPLATES) <= set(PROMPTS)


@pytest.mark.parametrize(("chosen", "stop"), [*zip(PROMPTS, STOPS, strict=True)])
def test_a_template_gives_its_prompt_and_its_stop_sequence(chosen: str, stop: str) -> None:
    sent = body(Conversation("Be brief.", [TURN]).asking(OPEN), template=chosen)
    assert sent["prompt"] == PROMPTS[chosen]
    assert sent["stop"] == [stop]
    assert "template" not in sent


@pytest.mark.parametrize(
    ("chosen", "start"), [*zip(PROMPTS, ["<|im_start|>user", "<|start", "User", "<s>"], strict=True)]
)
def test_without_a_system_prompt_its_place_is_left_out_and_other_openings_stay(chosen: str, start: str) -> None:
    sent = body(Conversation("", [TURN]).asking(OPEN), template=chosen)
    assert sent["prompt"].startswith(start)
    assert "system" not in sent["prompt"]


@pytest.mark.parametrize(
    ("chosen", "end"), [*zip(PROMPTS, ["assistant\n", "\n\n", "Assistant: ", "[/INST] "], strict=True)]
)
def test_a_reply_that_was_begun_is_where_the_prompt_ends(chosen: str, end: str) -> None:
    sent = body(Conversation().asking(OPEN, assistant(TextPart(" Two, "))), template=chosen)
    assert sent["prompt"].endswith(f"{end}Two, ")


@pytest.mark.parametrize(("given", "sent"), [("END", ["END", "\nUser:"]), (["\nUser:", "X"], ["\nUser:", "X"])])
def test_the_stop_sequences_of_the_user_stay(given: object, sent: list[str]) -> None:
    assert body(Conversation().asking(OPEN), stop=given)["stop"] == sent


def test_raw_sends_the_typed_text_alone() -> None:
    sent = body(Conversation("Be brief.", [TURN]).asking(OPEN), raw=True, template="chatml", logprobs=2, echo=True)
    assert sent == {"model": "m", "prompt": "Two?", "max_tokens": 1024, "logprobs": 2, "echo": True}


def test_raw_goes_on_from_a_reply_that_was_begun() -> None:
    assert body(Conversation().asking(OPEN, assistant(TextPart(" Two,"))), raw=True)["prompt"] == "Two? Two,"


@given(st.text(), st.text().filter(str.strip), st.text())
def test_what_is_said_is_never_taken_for_a_placeholder(said: str, answer: str, asked: str) -> None:
    said, asked = f"{said}{{assistant}}", f"{asked}{{user}}{{turn}}"
    sent = template("plain").prompt(said, [(said, answer), (asked, "")])
    assert sent == f"{said}\n\nUser: {said}\nAssistant: {answer.strip()}\nUser: {asked}\nAssistant:"


@pytest.mark.parametrize(
    "chosen",
    ["chatm", "", 3, "{user}", "{assistant}{user}", "{user} {assistant} {system}", "{system} {user} {assistant}"],
)
def test_a_template_that_cannot_be_used_is_told_with_what_can(chosen: object) -> None:
    with pytest.raises(ConfigError) as raised:
        body(Conversation().asking(OPEN), template=chosen)
    assert "chatml, llama3, plain" in raised.value.hint.shown(at_prompt=True)
