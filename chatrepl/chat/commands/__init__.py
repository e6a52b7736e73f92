"""The slash commands: one function each, in one table that also feeds /help, completion and the README's check."""

from chatrepl.chat.commands import (
    attach,
    clipboard,
    conversation,
    files,
    help,
    inspect,
    made,
    opinions,
    profiles,
    program,
    prompt_files,
    searching,
    sessions,
    shortening,
    tools,
    usage,
)
from chatrepl.chat.commands.completing import suggestions
from chatrepl.chat.commands.table import COMMANDS, Command, is_command, is_served, run

__all__ = [
    "COMMANDS",
    "Command",
    "attach",
    "clipboard",
    "conversation",
    "files",
    "help",
    "inspect",
    "is_command",
    "is_served",
    "made",
    "opinions",
    "profiles",
    "program",
    "prompt_files",
    "run",
    "searching",
    "sessions",
    "shortening",
    "suggestions",
    "tools",
    "usage",
]
