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
    sessions,
    shortening,
    tools,
    usage,
)
from chatrepl.chat.commands.table import COMMANDS, Command, is_command, run, suggestions

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
    "made",
    "opinions",
    "profiles",
    "program",
    "prompt_files",
    "run",
    "sessions",
    "shortening",
    "suggestions",
    "tools",
    "usage",
]
