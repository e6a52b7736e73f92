"""What is told of a failure, and to whom."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import chatrepl
from chatrepl import errors
from chatrepl.errors import ChatError, Hint

COMMAND = re.compile(r"(?<!\S)/[a-z]+(?![/\w])")
KINDS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, ChatError)}


def test_a_hint_says_what_can_be_acted_on_here() -> None:
    both = Hint("-m picks another.", "/model picks another.")
    assert both.shown(at_prompt=True) == "/model picks another."
    assert both.shown(at_prompt=False) == "-m picks another."
    assert Hint("Check the key.").shown(at_prompt=True) == "Check the key."
    assert Hint(at_prompt="/undo").shown(at_prompt=False) == ""


def test_a_text_is_a_hint_for_everywhere() -> None:
    assert ChatError("It failed", "Check the key.").hint == Hint("Check the key.")
    assert not ChatError("It failed").hint


def test_a_sentence_is_left_out_wherever_it_stands_last() -> None:
    hint = Hint(f"Wait. {errors.ASK_AGAIN}", f"/retry. {errors.ASK_AGAIN}")
    assert hint.without(errors.ASK_AGAIN) == Hint("Wait.", "/retry.")


def test_no_hint_for_everywhere_names_a_command() -> None:
    texts = [text for path in Path(chatrepl.__file__).parent.rglob("*.py") for text in _for_everywhere(path)]
    assert len(texts) > 50, "they are found at all"
    assert [text for text in texts if COMMAND.search(text)] == []


def _for_everywhere(path: Path) -> Iterator[str]:
    """The texts of the hints that are shown where no command can be typed."""
    for call in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
            position = 0 if call.func.id == "Hint" else 1 if call.func.id in KINDS else None
            if position is not None and len(call.args) > position and not _is_hint(call.args[position]):
                yield from _texts(call.args[position])


def _is_hint(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Hint"


def _texts(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value
