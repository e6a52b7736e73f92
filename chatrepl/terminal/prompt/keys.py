"""What the keys do that do something else than usual."""

import asyncio
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

from prompt_toolkit import PromptSession, search
from prompt_toolkit.application import get_app, run_in_terminal
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, get_common_complete_suffix
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import (
    Condition,
    Filter,
    completion_is_selected,
    emacs_insert_mode,
    emacs_mode,
    has_focus,
    is_searching,
    to_filter,
    vi_insert_mode,
    vi_navigation_mode,
)
from prompt_toolkit.formatted_text import AnyFormattedText
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.key_binding.bindings.named_commands import get_by_name
from prompt_toolkit.key_binding.vi_state import InputMode
from prompt_toolkit.keys import Keys
from prompt_toolkit.search import SearchDirection

from chatrepl import NamedTuple, files
from chatrepl.conversation import ImagePart
from chatrepl.errors import CommandError
from chatrepl.terminal.prompt.decoding import ALT_ENTER, REMEMBER, SHIFT_ENTER, TAKE_BACK
from chatrepl.terminal.prompt.draft import Draft
from chatrepl.terminal.prompt.pastes import Pastes
from chatrepl.terminal.signals import handling

_ALWAYS = to_filter(True)
_inserting = emacs_insert_mode | vi_insert_mode
Action = Callable[[KeyPressEvent], None]

MOVING = ("left", "right", "home", "end", "c-left", "c-right", "c-a", "c-e", "c-b", "c-f")
"""Keys that move the cursor, and end a search of the history."""


class Wishes(NamedTuple):
    """What the keys need to know: whether Enter adds a line, which line is a command all the same, how a text goes
    through the editor, what the clipboard holds, an image or a text (a CommandError tells why that is not known), and
    what stands in the line already."""

    multiline: Callable[[], bool]
    is_command: Callable[[str], bool]
    edit: Callable[[str], str]
    pastes: Pastes
    draft: Draft
    clipboard: Callable[[], bytes | str] = str
    trouble: Callable[[str], None] = lambda _line: None


def entered(session: PromptSession[str], message: AnyFormattedText = None, **how: Any) -> str:
    """What is entered at that prompt. SIGINT is Ctrl-C there, as with prompt-toolkit, whose own way to hear of it loads
    ctypes: a fiftieth of a start."""
    app = session.app

    def press(_number: int, _frame: FrameType | None) -> None:
        if app.loop:
            app.loop.call_soon_threadsafe(app.key_processor.send_sigint)

    with handling(press, "SIGINT"):
        return session.prompt(message, handle_sigint=False, **how)


def bindings(wishes: Wishes) -> KeyBindings:
    """Enter sends and Alt-Enter adds a line, or the other way round; Ctrl-J and Shift-Enter always add one, and Enter
    always runs a command too."""
    table = KeyBindings()
    typing = has_focus(DEFAULT_BUFFER)  # not while Ctrl-R searches
    swapped = Condition(wishes.multiline)
    multiline = swapped & ~Condition(lambda: _is_command(wishes))

    def bind(action: Action, *keys: str | Keys, when: Filter = _ALWAYS) -> None:
        table.add(*keys, filter=typing & when)(action)

    bind(_accept_completion, "enter", when=completion_is_selected)
    bind(_complete, "tab")
    bind(_send, "enter", when=~multiline & ~completion_is_selected)
    bind(_add_line, "enter", when=multiline & ~completion_is_selected)
    for keys, when in (([ALT_ENTER], _ALWAYS), (["escape", "enter"], emacs_mode)):  # vi would wait after each Escape
        bind(_send, *keys, when=swapped & when)
        bind(_add_line, *keys, when=~swapped & when)
    bind(_add_line, "c-j")
    bind(_add_line, SHIFT_ENTER)
    clear = partial(_clear, pastes=wishes.pastes)
    bind(clear, "c-c")
    table.add("<sigint>")(clear)
    bind(lambda event: _insert(event.current_buffer, event.data, wishes), Keys.BracketedPaste)
    bind(partial(_begin, draft=wishes.draft), Keys.Any, when=Condition(lambda: wishes.draft.yields) & _inserting)
    bind(partial(_redraw, draft=wishes.draft), "c-l")
    bind(lambda event: _paste_clipboard(event, wishes), "c-v")
    bind(lambda event: _paste_clipboard(event, wishes), "escape", "v", when=emacs_mode)
    bind(lambda event: _edit(event, wishes), "c-x", "c-e")
    bind(lambda event: _edit(event, wishes), "v", when=vi_navigation_mode)  # as readline does
    _bind_search(table, typing & (emacs_mode | vi_insert_mode))
    _bind_late_escapes(table)
    return table


def _bind_late_escapes(table: KeyBindings) -> None:
    """An Escape that turns out to be the beginning of a key, over a slow line, leaves vi as it was."""
    before = InputMode.INSERT, 0

    @table.add(REMEMBER)
    def _(event: KeyPressEvent) -> None:
        nonlocal before
        before = event.app.vi_state.input_mode, event.current_buffer.cursor_position

    @table.add(TAKE_BACK)
    def _(event: KeyPressEvent) -> None:
        event.app.vi_state.input_mode, event.current_buffer.cursor_position = before


def _bind_search(table: KeyBindings, typing: Filter) -> None:
    """Ctrl-R and Ctrl-S search the history; Ctrl-G and Ctrl-C go back to the line that was there before. A key that
    moves the cursor takes over what is found."""
    left, mode = (0, 0), InputMode.INSERT

    def begin(event: KeyPressEvent, direction: SearchDirection) -> None:
        nonlocal left, mode
        left = event.current_buffer.working_index, event.current_buffer.cursor_position
        mode = event.app.vi_state.input_mode
        search.start_search(direction=direction)

    def abort(event: KeyPressEvent) -> None:
        search.stop_search()
        event.app.current_buffer.working_index, event.app.current_buffer.cursor_position = left

    def take_over(event: KeyPressEvent) -> None:
        search.accept_search()
        event.app.vi_state.input_mode = mode
        event.key_processor.feed(event.key_sequence[-1], first=True)

    for key, direction in (("c-r", SearchDirection.BACKWARD), ("c-s", SearchDirection.FORWARD)):
        table.add(key, filter=typing)(partial(begin, direction=direction))
    for key in ("c-g", "c-c"):
        table.add(key, filter=is_searching & emacs_mode)(abort)
    for key in MOVING:
        table.add(key, filter=is_searching)(take_over)


def _is_command(wishes: Wishes) -> bool:
    """Whether what is being typed is a command of one line."""
    text = get_app().current_buffer.text
    return "\n" not in text and not wishes.pastes.is_text(text) and wishes.is_command(text)


def _send(event: KeyPressEvent) -> None:
    event.current_buffer.validate_and_handle()


def _add_line(event: KeyPressEvent) -> None:
    event.current_buffer.newline(copy_margin=False)


def _complete(event: KeyPressEvent) -> None:
    """Finish the word where there is one way to; else go as far as all ways do, and show them.

    At once, unlike prompt-toolkit's own: whoever types fast goes on typing behind the finished word.
    """
    buffer = event.current_buffer
    if buffer.complete_state and buffer.complete_state.current_completion:
        buffer.complete_next()
        return
    asked = CompleteEvent(completion_requested=True)
    ways = list(buffer.completer.get_completions(buffer.document, asked))
    buffer.cancel_completion()
    if len(ways) == 1:
        buffer.apply_completion(ways[0])
    elif common := get_common_complete_suffix(buffer.document, ways):
        buffer.insert_text(common)
    elif ways:
        buffer.start_completion(select_first=True)


def _accept_completion(event: KeyPressEvent) -> None:
    event.current_buffer.complete_state = None


def _clear(event: KeyPressEvent, pastes: Pastes) -> None:
    buffer = event.app.current_buffer
    if buffer.text:
        buffer.reset()
        pastes.start()
    else:
        event.app.exit(exception=KeyboardInterrupt, style="class:aborting")


def _begin(event: KeyPressEvent, draft: Draft) -> None:
    draft.give_way(event.current_buffer)
    get_by_name("self-insert").call(event)


def _redraw(event: KeyPressEvent, draft: Draft) -> None:
    get_by_name("clear-screen").call(event)
    draft.spare()


def _insert(buffer: Buffer, text: str, wishes: Wishes) -> None:
    """Put a text into the line that was pasted. The paths of images that are dropped on the terminal become these, but
    not behind what is going to be a command or a name."""
    from chatrepl.terminal.prompt import dropped  # not for the first key

    pastes, before = wishes.pastes, buffer.document.text_before_cursor
    apart = not before or before[-1].isspace()
    if apart and not before.startswith(("/", "!")) and (found := dropped.images(text)):
        for each in found:
            buffer.insert_text(f"{pastes.picture(each, buffer.text)} ")
        return
    wishes.draft.give_way(buffer)
    pasted = text.replace("\r\n", "\n").replace("\r", "\n")
    begins = pastes.begins or not buffer.document.text_before_cursor.strip()
    buffer.insert_text(pastes.fold(pasted))
    pastes.begins = begins


def _paste_clipboard(event: KeyPressEvent, wishes: Wishes) -> None:
    """What the clipboard holds, as soon as its program tells; what is typed meanwhile stands before it."""
    buffer = event.current_buffer

    async def go() -> None:
        try:
            came = await asyncio.get_running_loop().run_in_executor(None, wishes.clipboard)
            if not came:
                raise CommandError("The clipboard holds neither a text nor an image.")
            if isinstance(came, str):
                _insert(buffer, came, wishes)
            else:
                buffer.insert_text(wishes.pastes.picture(_image(came), buffer.text))
        except CommandError as error:
            await run_in_terminal(partial(wishes.trouble, str(error)))

    event.app.create_background_task(go())


def _image(data: bytes) -> ImagePart:
    part = files.attachments.of_data(data, "The image in the clipboard")
    if not isinstance(part, ImagePart):
        raise CommandError("The image in the clipboard is no PNG, JPEG, GIF or WebP.")
    return part


def _edit(event: KeyPressEvent, wishes: Wishes) -> None:
    """The line through the editor and back; Enter sends it then."""
    buffer = event.current_buffer

    async def go() -> None:
        line = wishes.pastes.unfold(buffer.text)
        edited = await run_in_terminal(lambda: wishes.edit(line))
        if edited != line:
            begins = wishes.pastes.begins or not line
            buffer.save_to_undo_stack()
            buffer.text = wishes.pastes.refold(edited, edited=True)
            wishes.pastes.came, wishes.pastes.begins = True, begins  # or may have
            buffer.cursor_position = len(buffer.text)

    event.app.create_background_task(go())
