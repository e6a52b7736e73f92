"""Prompt templates: a conversation as one text, for protocols that know no messages.

A template is a text with placeholders; the three built-in ones are written in the same form as a user's own::

    "{system}\\n\\n{turn}User: {user}\\nAssistant: {assistant}\\n"

``{turn}``       what stands before it opens the prompt, once; what follows is repeated for every turn. Where that
                 opening has a ``{system}``, it is left out of a conversation without a system prompt.
``{system}``     the system prompt. A template without it gets the system prompt in front of the first question.
``{user}``       the question.
``{assistant}``  the answer. At the open turn the prompt ends here, for the model to go on.

The prompt stops where the text behind ``{assistant}`` stands, or, if that is only white space, where the next turn
would begin. All other braces are text, as are those in what people and models say.
"""

from chatrepl import dataclass
from chatrepl.errors import ConfigError
from chatrepl.text.fuzzy import nearest

TEMPLATES = {
    "chatml": (
        "<|im_start|>system\n{system}<|im_end|>\n{turn}"
        "<|im_start|>user\n{user}<|im_end|>\n<|im_start|>assistant\n{assistant}<|im_end|>\n"
    ),
    # Without <|begin_of_text|>: the servers put it before every prompt themselves, and twice is worse than never.
    "llama3": (
        "<|start_header_id|>system<|end_header_id|>\n\n{system}<|eot_id|>{turn}"
        "<|start_header_id|>user<|end_header_id|>\n\n{user}<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n{assistant}<|eot_id|>"
    ),
    "plain": "{system}\n\n{turn}User: {user}\nAssistant: {assistant}\n",
}
"""The built-in templates."""


@dataclass(frozen=True)
class Template:
    """A template in its pieces: the opening, cut at its ``{system}``, and the turn around its two texts."""

    opening: tuple[str, ...]
    before: str
    between: str
    after: str

    @property
    def stop(self) -> str:
        """What ends an answer."""
        return self.after.strip() or f"\n{self.before.strip()}".rstrip("\n")

    def prompt(self, system: str, turns: list[tuple[str, str]]) -> str:
        """The prompt for these turns of question and answer; the last one is open, its answer what is begun of it."""
        if not turns:
            return ""
        has_place = len(self.opening) > 1
        opening = system.join(self.opening) if system or not has_place else ""
        if system and not has_place:
            turns = [(f"{system}\n\n{turns[0][0]}", turns[0][1]), *turns[1:]]
        *closed, (question, begun) = turns
        history = "".join(f"{self.before}{user}{self.between}{said.strip()}{self.after}" for user, said in closed)
        # Tokens mostly begin with their space: a prompt that ends with one makes the model stumble.
        cue = f"{self.between}{begun.lstrip()}" if begun else self.between.rstrip(" ")
        return f"{opening}{history}{self.before}{question}{cue}"


def template(chosen: object) -> Template:
    """The template that a profile chose: by its name, or as a text of its own."""
    if not isinstance(chosen, str):
        raise ConfigError(f"The option template has to be a text, not {chosen!r}", _hint())
    if "{" not in chosen and chosen not in TEMPLATES:
        raise ConfigError(f"There is no template {chosen!r}{nearest(chosen, TEMPLATES)}", _hint())
    opening, _, turn = TEMPLATES.get(chosen, chosen).rpartition("{turn}")
    if "{system}" in turn:
        raise ConfigError("The template needs a {turn} between {system} and what is repeated", _hint())
    before, user_mark, rest = turn.partition("{user}")
    between, assistant_mark, after = rest.partition("{assistant}")
    if not (user_mark and assistant_mark):
        raise ConfigError("The template needs a {user} and after it an {assistant}", _hint())
    return Template(tuple(opening.split("{system}")), before, between, after)


def _hint() -> str:
    return f'The templates are {", ".join(TEMPLATES)}, or a text like "Q: {{user}}\\nA: {{assistant}}\\n".'
