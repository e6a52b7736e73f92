"""The command line: flags into what runs, one question, a chat at a terminal, and what else it can do."""

from typing import TYPE_CHECKING

from chatrepl import lazy

if TYPE_CHECKING:
    from chatrepl.cli import flags as flags
    from chatrepl.cli.actions import (
        act as act,
        check_up as check_up,
        chosen_session as chosen_session,
        show_page as show_page,
    )
    from chatrepl.cli.doctor import Doctor as Doctor
    from chatrepl.cli.interactive import chat as chat
    from chatrepl.cli.one_shot import answer as answer, list_models as list_models
    from chatrepl.cli.shell_completion import script as script
else:
    __getattr__ = lazy(
        __name__,
        actions="act check_up chosen_session show_page",
        doctor="Doctor",
        flags="",
        interactive="chat",
        one_shot="answer list_models",
        shell_completion="script",
    )
