"""The slash commands: one function each, in one table that also feeds /help, completion and the README's check."""

from chatrepl.commands import attach, costs, files, hands, look, program, sessions, talk, who
from chatrepl.commands.table import COMMANDS, Command, run, suggestions

__all__ = [
    "COMMANDS",
    "Command",
    "attach",
    "costs",
    "files",
    "hands",
    "look",
    "program",
    "run",
    "sessions",
    "suggestions",
    "talk",
    "who",
]
