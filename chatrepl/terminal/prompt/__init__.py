"""The keyboard into lines. The only package that knows prompt-toolkit."""

from typing import TYPE_CHECKING

from chatrepl import lazy

if TYPE_CHECKING:
    from chatrepl.terminal.prompt.plain import PlainPrompt as PlainPrompt
    from chatrepl.terminal.prompt.prompt import Prompt as Prompt, Suggest as Suggest, Surroundings as Surroundings
else:
    __getattr__ = lazy(__name__, plain="PlainPrompt", prompt="Prompt Suggest Surroundings")
