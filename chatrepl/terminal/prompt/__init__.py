"""The keyboard into lines. The only package that knows prompt-toolkit."""

from chatrepl.terminal.prompt.prompt import Prompt, Suggest, Surroundings

__all__ = ["Prompt", "Suggest", "Surroundings"]
