"""A question asked aside: its reply is drawn while it comes, and is no part of the conversation."""

from collections.abc import Callable

from chatrepl import replace
from chatrepl.chat.collecting import received
from chatrepl.chat.endings import Timing
from chatrepl.chat.reply import Reply
from chatrepl.chat.session import Session
from chatrepl.config.config import Profile
from chatrepl.conversation import Conversation
from chatrepl.errors import ChatError, CommandError, Hint
from chatrepl.text import safe


def ask(
    session: Session, profile: Profile, asking: Conversation, enough: Callable[[Reply], bool] = lambda _reply: False
) -> tuple[Reply, ChatError | None]:
    """The reply of that profile, and why it failed if it did. It is stopped as soon as there is ``enough`` of it."""
    if session.titling:
        session.titling.stop()
    reply = Reply()
    return reply, received(session, profile, reply, asking, timing=Timing(session.clock()), enough=enough)


def meant(session: Session, name: str) -> Profile:
    """The profile that a name means: ``profile``, ``model`` or ``profile/model``."""
    profiles = session.config.profiles
    if name in profiles:
        return profiles[name]
    first, slash, model = name.partition("/")
    if slash and model and first in profiles:
        return session.config.with_model(profiles[first], model)
    if not name.strip():
        raise CommandError("No model is named", "Name a profile, a model, or profile/model.")
    known = [each.id for each in session.offers]
    if known and name not in known:
        called = safe.line(name, 60)
        raise CommandError(f"No profile or model is called {called!r}", Hint(at_prompt="/models lists them."))
    return session.config.with_model(session.profile, name)


def plain(profile: Profile) -> Profile:
    """The profile without what makes its replies anything but one text."""
    return replace(profile, options={name: value for name, value in profile.options.items() if name not in _ODD})


_ODD = ("n", "candidateCount", "response_format", "logprobs", "raw", "tools", "tool_choice")
