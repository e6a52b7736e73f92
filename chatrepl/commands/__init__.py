"""The slash commands: one function each, in one table that also feeds /help, completion and the README's check."""

from chatrepl.commands import files, program, sessions, talk, who
from chatrepl.commands.table import COMMANDS, Command, run, suggestions

__all__ = ["COMMANDS", "Command", "files", "program", "run", "sessions", "suggestions", "talk", "who"]
