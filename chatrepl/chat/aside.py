"""A question asked aside: its reply is drawn while it comes, and is no part of the conversation."""

from collections.abc import Callable
from contextlib import closing

from chatrepl import replace
from chatrepl.chat.reply import Reply
from chatrepl.chat.session import Session
from chatrepl.chat.stream import Gathering, HidingSecrets
from chatrepl.config.config import Profile
from chatrepl.conversation import Conversation
from chatrepl.errors import ChatError, CommandError, Hint
from chatrepl.events import Wait
from chatrepl.text import safe


def ask(
    session: Session, profile: Profile, asking: Conversation, enough: Callable[[Reply], bool] = lambda _reply: False
) -> tuple[Reply, ChatError | None]:
    """The reply of that profile, and why it failed if it did. It is stopped as soon as there is ``enough`` of it."""
    reply = Reply()
    if session.titling:
        session.titling.stop()
    attempts = session.connection.attempts(profile)
    try:
        with session.interrupts.awaited():
            attempts.ready()
        with (
            session.user.listening(),
            session.screen.picture(lambda: attempts.answering.model, session.ui) as picture,
            HidingSecrets(session.connection.keys.secrets, reply.feed, picture.feed) as hiding,
            Gathering(hiding.feed) as gathering,
        ):

            def waiting(wait: Wait) -> None:
                with session.interrupts.shielded():
                    gathering.flush()
                    picture.waiting(wait)

            with closing(attempts.events(asking, stream=session.ui.stream, waiting=waiting)) as events:
                for event in session.interrupts.over(events):
                    gathering.feed(event)
                    if enough(reply):
                        reply.ending = "length"
                        break
    except KeyboardInterrupt:
        reply.ending = "interrupted"
    except ChatError as error:
        reply.ending = "failed"
        return reply, error
    finally:
        reply.model = reply.model or attempts.answering.model
        reply.profile = attempts.answering.name if attempts.answering.name != session.profile.name else ""
    return reply, None


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
