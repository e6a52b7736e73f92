"""Who can be asked: a user at a prompt, one whose flags have said it all, or no one.

It is made before the session is, and handed over whole: whoever asks later asks the same user.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from chatrepl import NamedTuple, dataclass

if TYPE_CHECKING:
    from chatrepl.terminal.choices import Choose

NO = "n"
"""The choice that holds where no other one is made."""

TRIES = 3
"""So often a choice is asked for: a slip of the finger is not the user's no, and a text that was pasted ends."""

SLIP = 3
"""A slip of the finger has at most so many characters; what is longer and no answer was meant for the next prompt."""

_SAID = {"y": "y", "yes": "y", "n": NO, "no": NO, "": ""}


def no_answer(_question: str) -> str:
    """What comes back where no one can be asked."""
    return ""


class Choice(NamedTuple):
    """The choice that was made, and what was said with a no."""

    letter: str
    words: str = ""


@dataclass(frozen=True)
class User:
    """Who can be asked. Without arguments: no one, who agrees to nothing."""

    answer: Callable[[str], str] = no_answer
    """Asks something on a line of its own; "" is no answer."""
    stoppable: Callable[[str], str] | None = None
    """The same, where Ctrl-C is KeyboardInterrupt; None where it is no answer there either."""
    keep: Callable[[str], None] = lambda _text: None
    """Takes what was typed at a question and does not answer it; it stands in the next prompt."""
    has_prompt: bool = False
    """Whether a prompt comes next, at which commands can be typed."""
    listening: Callable[[], AbstractContextManager[None]] = nullcontext
    """While it lasts, what is typed is taken out of the terminal, for the next prompt."""
    choose: "Choose | None" = None
    """Chooses from a list that can be filtered; None where a list is numbered, and a number is the answer."""
    means_it: bool = False
    """Whether the command line says it all: what it names is meant, and needs no question."""
    says_yes: bool = False
    """Whether a flag says yes to what may do harm."""
    wants_weights: bool = False
    """Whether the model on this machine was named, and may be fetched without a question."""

    def confirm(self, question: str) -> bool:
        """Whether the user wants what the question asks; the flags may have said so."""
        return self.means_it or self.permit(question)

    def permit(self, question: str) -> bool:
        """Whether the user wants what may do harm: the flag for that has to say so, or the user."""
        return self.says_yes or self._agrees(question)

    def agrees(self, question: str) -> bool:
        """Whether the user has nothing against what the question proposes; Enter alone is a yes."""
        if self.means_it or not self.has_prompt:
            return self.means_it
        return self._said(f"{question} [Y/n]") in ("", "y")

    def consent(self, question: str) -> bool:
        """Whether a model may be fetched, which no other flag agrees to."""
        return self.wants_weights or self._agrees(question)

    def approve(self, choices: Mapping[str, str]) -> Choice:
        """Which of the choices is made, letters and what they stand for: by its letter or its name. It is NO where no
        one answers; what is no choice is asked about again, ``TRIES`` times in all, and then is NO. No flag answers in
        place of the user. A no may give its reason. Ctrl-C is KeyboardInterrupt where a prompt can tell it."""
        ask = self.stoppable or self.answer
        offered = " · ".join(f"{letter} {name}" for letter, name in choices.items())
        for _ in range(TRIES):
            said = ask(f"  {offered}:").strip()
            first, _, words = said.partition(" ")
            if not said or first.lower().rstrip(",:") in (NO, choices.get(NO, NO)):
                return Choice(NO, words.strip())
            if made := [letter for letter, name in choices.items() if said.lower() in (letter, name.lower())]:
                return Choice(made[0])
            self._put_aside(said)
        return Choice(NO)

    def _agrees(self, question: str) -> bool:
        return self._said(f"{question} [y/N]") == "y"

    def _said(self, question: str) -> str:
        """What the user says to that: "y", NO, or "" for Enter alone. After anything else it is asked once more, and
        Enter alone is NO then."""
        said = self.answer(question).strip()
        if said.lower() in _SAID:
            return _SAID[said.lower()]
        self._put_aside(said)
        again = self.answer("Type y or n:").strip()
        if again.lower() not in _SAID:
            self._put_aside(again)
        return _SAID.get(again.lower()) or NO

    def _put_aside(self, said: str) -> None:
        if len(said) > SLIP:
            self.keep(said)
