"""A request that a server refused for one parameter, mended: the parameter renamed or left out.

Which model takes which parameter changes from month to month, so there is no list of models here: the server's own
complaint says what to do.
"""

import re
from collections.abc import Mapping, Set
from typing import Any

from chatrepl import replace
from chatrepl.dialects.dialect import Request
from chatrepl.errors import Refused

LEFT_OUT = "off"
"""What stands in place of a parameter's new name when it is not to be sent."""

_COMPLAINT = re.compile(
    r"unsupported|not.{0,12}support|unknown|unrecogni[sz]ed|unexpected|not (?:permitted|allowed)|"
    r"extra (?:inputs|fields)|deprecated|may only be set|may not be enabled",
    re.IGNORECASE,
)
_ADVICE = re.compile(r"\buse [`'\"]?(\w+)[`'\"]? instead", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]\w*")

_INNER = ("model_parameters", "options", "generationConfig", "text")
"""The objects of a body that hold parameters themselves: Scale's, Ollama's, Google's and those of Responses."""

_INDISPENSABLE = {"model", "messages", "input", "prompt", "contents", "system", "instructions", *_INNER}
_TWINS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}


def mended(request: Request, names: Mapping[str, str]) -> Request:
    """The request with the parameters called as ``names`` says, and without those that are ``off``."""
    if not request.body or not names:
        return request
    body = _called(request.body, names)
    inner = {place: _called(body[place], names) for place in _INNER if isinstance(body.get(place), dict)}
    return replace(request, body=body | inner)


def _called(parameters: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in parameters.items() if names.get(name) != LEFT_OUT}


def advice(error: Refused, body: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    """How to mend the request with that body: a parameter and its new name, or ``off``; nothing if that cannot help.

    What ``names`` has mended already, by either of its names, is not mended again.
    """
    said = error.said
    if error.status not in (400, 422) or not _COMPLAINT.search(said):
        return {}
    inner = [name for place in _INNER if isinstance(body.get(place), dict) for name in body[place]]
    name = _blamed(error.parameter, said, {*body, *inner} - {*names, *names.values()})
    if not name:
        return {}
    advised = _ADVICE.search(said)
    new = advised[1] if advised else _TWINS.get(name, LEFT_OUT)
    return {name: LEFT_OUT if new in body or new not in said else new}


def _blamed(told: str, said: str, sent: Set[str]) -> str:
    """The parameter that the server means: the one it names as such, else the first in its words that was sent."""
    candidates = [*told.split("."), *_WORD.findall(said)]
    return next((word for word in candidates if word in sent and word not in _INDISPENSABLE), "")


def is_unknown_model(error: Refused, model: str) -> bool:
    """Whether the server refused the request because it does not know the model, or no longer."""
    if error.status not in (200, 400, 403, 404, 410, 422):
        return False
    if _UNKNOWN_CODES & set(re.split(r"[\s,;]+", error.code.lower())):
        return True
    named = bool(model) and model.removeprefix("models/") in error.said
    return bool(_UNKNOWN.search(error.said)) or (named and error.status in (404, 410))


_UNKNOWN_CODES = {
    "model_not_found",
    "model_decommissioned",
    "model_not_available",
    "model_deprecated",
    "model_not_active",
    "invalid_model",
    "deploymentnotfound",
    "resource_not_found_error",
}
"""OpenAI's word for it, Groq's, and those of Together, Mistral, Azure and Moonshot."""

_UNKNOWN = re.compile(
    r"(unknown|invalid|no such|unsupported) model\b|not a valid model|"
    r"\bmodels?\b.{0,160}\b(not exist|not found|not available|no longer|been (retired|removed|shut down|discontinued)|"
    r"decommissioned|(been|is) deprecated\b(?! for)|retired on)",
    re.IGNORECASE,
)
"""Anthropic says nothing but the name; Google "is not found for API version v1beta", OpenRouter "is not a valid model
ID", DeepSeek "Model Not Exist"."""
