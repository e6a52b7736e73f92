"""The chat: the session, one turn, the loop, and what is told about them. Its modules are loaded when first named."""

from typing import TYPE_CHECKING

from chatrepl import lazy

if TYPE_CHECKING:
    from chatrepl.chat import (
        call_lines as call_lines,
        calling as calling,
        choices as choices,
        commands as commands,
        fitting as fitting,
        fullness as fullness,
        json_answers as json_answers,
        media as media,
        prompt_files as prompt_files,
        searching as searching,
        served as served,
        shell as shell,
        status_line as status_line,
        titling as titling,
        turn as turn,
    )
else:
    __getattr__ = lazy(
        __name__,
        call_lines="",
        calling="",
        choices="",
        commands="",
        fitting="",
        fullness="",
        json_answers="",
        media="",
        prompt_files="",
        searching="",
        served="",
        shell="",
        status_line="",
        titling="",
        turn="",
    )
