"""The shortest streamed reply in each protocol, and what a request for one has to hold: both from the references."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from tests.support.server import Exchange, Script

Turns = Sequence[tuple[str, str]]
"""Questions with their answers; the answer of the last one is still to come, and not looked at."""


def reply(dialect: str, text: str, thinking: str = "") -> Script:
    """A reply in that protocol."""

    def script(exchange: Exchange) -> None:
        exchange.head(kind="application/x-ndjson" if dialect == "ollama" else "text/event-stream")
        exchange.send(REPLIES[dialect](text, thinking))

    return script


def _events(*values: Any, done: bool = False) -> str:
    return "".join(f"data: {json.dumps(value)}\n\n" for value in values) + ("data: [DONE]\n\n" if done else "")


def _openai_chat(text: str, thinking: str) -> str:
    deltas = [{"role": "assistant", "content": ""}, {"reasoning_content": thinking}, {"content": text}]
    chunks = [{"model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    return _events(*chunks, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}, done=True)


def _openai_completions(text: str, thinking: str) -> str:
    pieces = [{"index": 0, "text": text, "finish_reason": None}, {"index": 0, "text": "", "finish_reason": "stop"}]
    return _events(*({"model": "m", "choices": [piece]} for piece in pieces), done=True)


def _openai_responses(text: str, thinking: str) -> str:
    output = [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}]
    return _events(
        {"type": "response.created", "response": {"model": "m", "status": "in_progress", "output": []}},
        {"type": "response.reasoning_summary_text.delta", "item_id": "rs", "summary_index": 0, "delta": thinking},
        {"type": "response.output_text.delta", "item_id": "msg", "content_index": 0, "delta": text},
        {"type": "response.completed", "response": {"model": "m", "status": "completed", "output": output}},
    )


def _azure_inference(text: str, thinking: str) -> str:
    safe = {"hate": {"filtered": False, "severity": "safe"}}
    first = {"choices": [], "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": safe}]}
    return _events(first) + _openai_chat(text, thinking)


def _scale_egp(text: str, thinking: str) -> str:
    message = {"role": "agent", "content": text, "tool_request": None}
    return _events({"chat_completion": {"message": message, "finish_reason": None}, "token_usage": None})


def _anthropic(text: str, thinking: str) -> str:
    blocks = [("thinking", "thinking", thinking)] if thinking else []
    events: list[Any] = [{"type": "message_start", "message": {"model": "m", "content": []}}]
    for index, (kind, name, said) in enumerate([*blocks, ("text", "text", text)]):
        events += [
            {"type": "content_block_start", "index": index, "content_block": {"type": kind, name: ""}},
            {"type": "content_block_delta", "index": index, "delta": {"type": f"{kind}_delta", name: said}},
            {"type": "content_block_stop", "index": index},
        ]
    events += [{"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, {"type": "message_stop"}]
    return "".join(f"event: {event['type']}\n{_events(event)}" for event in events)


def _ollama(text: str, thinking: str) -> str:
    lines = [{"message": {"role": "assistant", "content": "", "thinking": thinking}, "done": False}]
    lines += [{"message": {"role": "assistant", "content": text}, "done": False}]
    lines += [{"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}]
    return "".join(json.dumps({"model": "m", **line}) + "\n" for line in lines)


def _gemini(text: str, thinking: str) -> str:
    thoughts = [{"text": thinking, "thought": True}] if thinking else []
    content = {"role": "model", "parts": [*thoughts, {"text": text}]}
    return _events({"modelVersion": "m", "candidates": [{"content": content, "finishReason": "STOP", "index": 0}]})


REPLIES: dict[str, Callable[[str, str], str]] = {
    "openai-chat": _openai_chat,
    "openai-completions": _openai_completions,
    "openai-responses": _openai_responses,
    "azure-inference": _azure_inference,
    "scale-egp": _scale_egp,
    "anthropic": _anthropic,
    "ollama": _ollama,
    "gemini": _gemini,
}


# What a request has to hold


def _messages(model: str, turns: Turns) -> list[dict[str, Any]]:
    said = [{"role": role, "content": text} for turn in turns for role, text in zip(("user", model), turn, strict=True)]
    return said[:-1]


def _with_system(system: str, turns: Turns) -> dict[str, Any]:
    return {"messages": [{"role": "system", "content": system}, *_messages("assistant", turns)]}


HISTORIES: dict[str, Callable[[str, Turns], dict[str, Any]]] = {
    "openai-chat": _with_system,
    "azure-inference": _with_system,
    "ollama": _with_system,
    "openai-completions": lambda system, turns: {
        "prompt": f"{system}\n\n"
        + "".join(f"User: {user}\nAssistant: {said}\n" for user, said in turns[:-1])
        # the model goes on from here
        + f"User: {turns[-1][0]}\nAssistant:"
    },
    "openai-responses": lambda system, turns: {
        "instructions": system,
        "input": [{"type": "message", **message} for message in _messages("assistant", turns)],
    },
    "scale-egp": lambda system, turns: {"instructions": system, "messages": _messages("agent", turns)},
    "anthropic": lambda system, turns: {"system": system, "messages": _messages("assistant", turns)},
    "gemini": lambda system, turns: {
        "systemInstruction": {"parts": [{"text": system}]},
        "contents": [
            {"role": message["role"], "parts": [{"text": message["content"]}]} for message in _messages("model", turns)
        ],
    },
}
"""What of the body is the conversation, with the system prompt, in each protocol."""
