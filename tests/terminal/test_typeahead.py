"""What becomes of what is typed while nothing reads it, without a terminal."""

import pytest

from chatrepl.terminal.typeahead import Opening, TypeAhead, joined


def test_what_was_typed_ahead_is_sent_where_nothing_came_back() -> None:
    assert TypeAhead().next("", held=False, command=False) == (Opening("", held=False), TypeAhead())
    assert TypeAhead().next("", held=False, command=True)[0] == Opening("", held=False)


@pytest.mark.parametrize(("start", "held"), [("Precious", False), ("", True), ("Precious", True)])
def test_it_sends_nothing_where_a_question_came_back_or_something_failed(start: str, *, held: bool) -> None:
    opening, _ = TypeAhead().next(start, held=held, command=False)
    assert opening == Opening(start, held=True)


def test_a_command_typed_ahead_comes_first_and_the_question_after_it() -> None:
    opening, after = TypeAhead().next("Precious", held=False, command=True)
    assert opening == Opening("", held=False)
    assert after.next("", held=False, command=True) == (opening, after), "so does a second one"
    assert after.next("", held=False, command=False)[0] == Opening("Precious", held=True)


def test_what_a_command_puts_into_the_prompt_does_not_replace_what_is_due_there() -> None:
    _, after = TypeAhead().next("Precious", held=False, command=True)
    assert after.next("Edited", held=False, command=False)[0] == Opening("Edited\nPrecious", held=True)


def test_a_command_that_fails_holds_what_was_typed_behind_it() -> None:
    _, after = TypeAhead().next("", held=True, command=True)
    assert after.next("", held=False, command=False)[0] == Opening("", held=True)


def test_texts_are_joined_line_by_line_and_empty_ones_left_out() -> None:
    assert joined("", "one", "", "two\n") == "one\ntwo\n"
