"""The slash commands: one function each, in one table that also feeds /help, completion and the README's check."""

from chatrepl.chat.commands import (
    clipboard as clipboard,
    conversation as conversation,
    files as files,
    help as help,
    history as history,
    inspect as inspect,
    opinions as opinions,
    profiles as profiles,
    program as program,
    prompt_files as prompt_files,
    searching as searching,
    sessions as sessions,
    tools as tools,
    usage as usage,
)
from chatrepl.chat.commands.completing import suggestions as suggestions
from chatrepl.chat.commands.table import (
    COMMANDS as COMMANDS,
    is_command as is_command,
    is_served as is_served,
    run as run,
)
