"""What a request asks, whatever its dialect: enough to tell one question from another."""

import json

_SAID = ("content", "text", "input", "prompt", "parts", "contents", "messages", "input_text")
"""Where what was said stands in requests of any dialect."""


def question_in(body: object) -> str:
    """The last text that was said in a request, "" where none is found."""
    if isinstance(body, str):
        return body
    if isinstance(body, list):
        return next(filter(None, (question_in(each) for each in reversed(body))), "")
    if isinstance(body, dict):
        return next(filter(None, (question_in(body[name]) for name in _SAID if name in body)), "")
    return ""


def parsed(body: bytes) -> object:
    """The body of a request as data, None where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
