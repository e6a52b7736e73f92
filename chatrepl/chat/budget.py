"""A budget for a session, in dollars or tokens: told when most of it is used, and asked when all is."""

from chatrepl.chat.rates import dollars
from chatrepl.chat.session import Session
from chatrepl.config.config import Budget
from chatrepl.errors import CommandError, Hint

NEARLY = 0.8
"""The share from which on it is told."""


def allows(session: Session) -> bool:
    """Whether the next request is within the budget, or the user wants it all the same, which is asked once for each
    time that the budget is used up. Where no one can be asked that is a CommandError."""
    budget = session.config.budget
    if not budget:
        return True
    share, used = _used(session, budget)
    if share < NEARLY or share < session.budgeted:
        return True
    said = f"{used} of the budget of {_shown(budget)}"
    if share < 1:
        session.budgeted = 1.0
        session.screen.say(f"The session has used {said}.", "warning")
        return True
    if not session.user.permit(f"The session has used {said}. Go on?"):
        if session.user.has_prompt:
            return False
        raise CommandError(f"The session has used {said}", Hint("--yes goes on all the same."))
    session.budgeted = int(share) + 1.0
    return True


def is_used_up(session: Session) -> bool:
    """Whether nothing is left of the budget."""
    budget = session.config.budget
    return budget is not None and _used(session, budget)[0] >= 1


def _used(session: Session, budget: Budget) -> tuple[float, str]:
    spent = session.spent
    if budget.tokens:
        tokens = spent.input + spent.output
        return tokens / budget.tokens, f"{tokens:,} tokens"
    return spent.cost / budget.dollars, dollars(spent.cost)


def _shown(budget: Budget) -> str:
    return f"{budget.tokens:,} tokens" if budget.tokens else dollars(budget.dollars)
