"""How full the context is: what is said of it once, and how the status line looks then."""

from chatrepl import NamedTuple
from chatrepl.chat import rates
from chatrepl.chat.session import Session


class Level(NamedTuple):
    """From that share of the context on, in percent, this style and this advice hold."""

    percent: int
    style: str = ""
    advice: str = ""


LEVELS = (
    Level(95, "error", "/compact shortens what is sent, or the next question may be refused; /new begins anew."),
    Level(80, "warning", "/compact shortens what is sent; /new begins anew."),
    Level(0),
)


def level(session: Session) -> Level:
    """How full it is, as far as the size of the context is known."""
    used, size = _known(session)
    return next(each for each in LEVELS if 100 * used >= each.percent * size) if size else LEVELS[-1]


def tell(session: Session, before: Level) -> Level:
    """Say that a level was reached which was not there before; the level now."""
    now = level(session)
    if now.percent > before.percent:
        used, size = _known(session)
        told = f"The context is {100 * used // size} % full ({rates.short(used)} of {rates.short(size)})"
        session.screen.say(f"{told}. {now.advice}", "warning")
    return now


def find_out(session: Session) -> None:
    """Begin to find out how much the model can hold, where nothing but its name tells that yet."""
    rates, profile = session.rates(), session.profile
    if not profile.context and (not rates.context(profile) or rates.facts(profile.model).by_name):
        session.look_for_models()


def _known(session: Session) -> tuple[int, int]:
    """The tokens that are used, and how many there may be; 0 where nobody told."""
    if not session.conversation.turns:
        return 0, 0
    used, _ = session.gauge.tokens(session.conversation)
    return used, session.rates().context(session.answering) or 0
