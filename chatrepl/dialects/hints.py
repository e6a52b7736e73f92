"""What to try after an error: by what the server says, else by its status."""

import re
from collections.abc import Container

from chatrepl.config.config import Profile
from chatrepl.errors import ASK_AGAIN, Hint


def hint(status: int, said: str, profile: Profile) -> Hint:
    """What to try after that error, if anything is known to help. An error inside a good answer has status 200."""
    match _by_words(status, said):
        case None:
            return _BY_STATUS.get(status, _AGAIN if status >= 500 else Hint())
        case advice if advice == _CHAT and profile.dialect in _CHATTING:
            return _MODEL
        case advice:
            return advice or _key_hint(profile)


def _by_words(status: int, said: str) -> Hint | None:
    """What helps by the words of the error, None where they tell nothing."""
    return next((advice for statuses, words, advice in _BY_WORDS if status in statuses and words.search(said)), None)


def is_known(status: int, said: str) -> bool:
    """Whether the words of the error tell what is wrong, so that it is nothing else."""
    return _by_words(status, said) is not None


def is_lasting(status: int, said: str) -> bool:
    """Whether the words of an error tell that the same will fail again: it is too long, or holds what the model cannot
    take."""
    return _by_words(status, said) in (_TOO_LONG, _NO_IMAGES)


def is_too_long(status: int, said: str) -> bool:
    """Whether the error says that the conversation is too long for the model."""
    return _by_words(status, said) is _TOO_LONG


def _key_hint(profile: Profile) -> Hint:
    text = _about_the_key(profile)
    return Hint(text, f"{text} /profile talks to another.")


def _about_the_key(profile: Profile) -> str:
    if profile.key_env:
        return f"The key is read from the environment variable {profile.key_env}: is it the right one?"
    if profile.needs_key:
        return f"Check key_file or key_command of the profile {profile.name!r}."
    if profile.by_hand:
        return "No key went there: -p NAME --base-url URL sends the key of that profile along."
    return f"The profile {profile.name!r} names no key: set key_env, key_command or key_file."


def _words(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


_ANY = range(600)
_AGAIN = Hint(ASK_AGAIN)
_WAIT = Hint("Too many requests: wait a little, then send it again.")
_MODEL = Hint(
    "Check the model (--list-models lists what there is) and the base URL.",
    "Check the model (/models lists what there is) and the base URL.",
)
_BILLING = Hint(
    "Look at the plan and the billing of this account, or talk to another: -p NAME",
    "Look at the plan and the billing of this account; /profile switches to another.",
)
_CHAT = Hint(
    "This model speaks the dialect openai-chat: --dialect openai-chat",
    "This model speaks the dialect openai-chat: /profile switches, --dialect openai-chat says so at the start.",
)
_CHATTING = ("openai-chat", "azure-inference")
"""The dialects that ask ``chat/completions`` anyway, so that an error which names it says nothing of the dialect."""
_THE_KEY = Hint()
"""In place of an advice: where the key comes from."""

_TOO_LONG = Hint(
    "The conversation is too long for this model. -m picks another.",
    "The conversation is too long for this model: /compact or /undo shortens it, /model picks another.",
)

_NO_IMAGES = Hint(
    "This model takes no images: -m picks another.",
    "This model takes no images: /model picks another, /undo takes the question with the image away.",
)

_BY_WORDS: tuple[tuple[Container[int], re.Pattern[str], Hint], ...] = (
    (
        (200, 400, 429, 503),  # Amazon's "Too many tokens, please wait" counts those of a minute
        _words(r"too many tokens.{0,40}\b(wait|again|later|retry|slow|per)\b|throttl"),
        _WAIT,
    ),
    (
        _ANY,
        _words(
            r"context.{0,20}(length|size|window|limit|is \d)|exceed.{0,30}\bcontext",
            r"too many tokens|maximum number of tokens|maximum (model|prompt|input) length|string too long",
            r"(prompt|input|conversation) is too (long|large)|request too large for|tokens must be reduced",
            r"reduce the (length|size of the (prompt|conversation))|prompt_too_long|model token limit",
            r"max_new_tokens.{0,9} must be",
            r"(input|prompt|sequence|message)s?.{0,20} length.{0,60}(exceed|should be|must be|longer|greater|<=)",
            r"(input|prompt) (has |of )?.{0,20}tokens?.{0,40}exceed|input token count|number of tokens allowed",
            r"(input|prompt).{0,40}(longer|greater|larger) than|length is \d+ while limit",
        ),
        _TOO_LONG,
    ),
    (
        (400, 422),
        _words(r"max_(completion_|output_)?tokens.{0,60}(too large|at most|maximum|less than|<=)"),
        Hint("-o max_tokens=N asks for a shorter reply.", "/set max_tokens N asks for a shorter reply."),
    ),
    (
        (200, 400, 415, 422, 500, 501),
        _words(
            r"(input_file|pdf|files?|documents?)\b.{0,30}not (be )?support",
            r"unsupported content\S* ?type|unknown variant .{1,3}file",
        ),
        Hint(
            "The server takes no such file.",
            "The server takes no such file: /undo takes the question with it away.",
        ),
    ),
    (
        _ANY,
        _words(
            r"image.{0,60}(not.{0,12}support|only supported|cannot)",
            r"(not.{0,12}support|no support|no endpoints.{0,12}support|cannot|required).{0,40}image",
            r"\bno vision|(not|n't|without).{0,20}(vision|multi-?modal)|text.only model|mmproj",
        ),
        _NO_IMAGES,
    ),
    (
        (200, 400, 403),
        _words(r"content.(filter|management|policy)|moderation|flagged|safety (system|check)"),
        Hint("Say it in other words.", "Say it in other words; /profile switches to another profile."),
    ),
    (
        (200, 429),
        _words(r"(retry|try again) (in|after) [\d.]+|rate.?limit|too many requests|slow down|tokens per min"),
        _WAIT,
    ),
    ((401,), _words(""), _THE_KEY),
    (
        (200, 400, 403),
        _words(r"api.?key|authenticat|unauthori[sz]ed|unregistered callers|no connected db|subscription key"),
        _THE_KEY,
    ),
    ((200, 400, 402, 403, 429), _words(r"quota|billing|credit|spend|balance(?!r)"), _BILLING),
    ((400, 404), _words(r"\bchat model|v1/chat/completions"), _CHAT),
    (
        (200, 400, 422),
        _words(
            r"(unknown|invalid|no such) model",
            r"model.{0,60}(not exist|not found|not available|decommissioned|deprecated)",
            r"not a valid model",
        ),
        _MODEL,
    ),
)
"""The statuses, what is said, and what to try; the first that fits. Each is taken from what some server says."""

_MOVED = Hint("If that address is the right one, make it the base_url of the profile.")
_PARAMETERS = Hint(
    "-o NAME=VALUE changes a parameter.",
    "/request shows what is sent; /set changes a parameter, or leaves it out with off.",
)
_BY_STATUS = {
    **dict.fromkeys((301, 302, 307, 308), _MOVED),
    **dict.fromkeys((400, 422), _PARAMETERS),
    402: _BILLING,
    403: Hint(
        "This key may not use this model or place: --list-models lists what it may.",
        "This key may not use this model or place: /models lists what it may, /profile switches.",
    ),
    404: _MODEL,
    405: Hint("Check the base URL and the dialect of the profile."),
    408: Hint(f"The server was too slow. {ASK_AGAIN}"),
    409: _AGAIN,
    413: Hint("The request is too large.", "The request is too large: /compact or /undo shortens the conversation."),
    429: _WAIT,
    **dict.fromkeys((498, 499), _AGAIN),
}
