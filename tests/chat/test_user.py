"""Who can be asked, and what holds where no one answers."""

import pytest

from chatrepl.chat.user import NO, User

CHOICES = {"y": "yes", NO: "no", "t": "this tool", "a": "always"}


def test_no_one_agrees_to_nothing() -> None:
    no_one = User()
    assert not no_one.confirm("Delete it?")
    assert not no_one.consent("Fetch it?")
    assert no_one.approve(CHOICES).letter == NO
    assert not no_one.has_prompt


@pytest.mark.parametrize(("said", "agrees"), [("y", True), ("YES", True), ("", False), ("n", False), ("No", False)])
def test_a_question_is_agreed_to_by_a_yes_alone(said: str, agrees: bool) -> None:
    asked: list[str] = []
    user = User(answer=lambda question: asked.append(question) or said)  # type: ignore[func-returns-value]
    assert user.confirm("Delete it?") == agrees
    assert user.consent("Fetch it?") == agrees
    assert asked == ["Delete it? [y/N]", "Fetch it? [y/N]"]


@pytest.mark.parametrize(
    ("answers", "agrees", "kept"),
    [
        (["Why though?", "y"], True, ["Why though?"]),
        (["Why though?", ""], False, ["Why though?"]),
        (["yx", "yellow", "y"], False, ["yellow"]),
    ],
)
def test_what_is_no_answer_is_asked_about_once_more_and_kept(answers: list[str], agrees: bool, kept: list[str]) -> None:
    put_aside: list[str] = []
    left = iter(answers)
    user = User(lambda _question: next(left), has_prompt=True, keep=put_aside.append)
    assert user.permit("Delete it?") == agrees
    left = iter(answers)
    assert user.agrees("Delete it?") == agrees
    assert put_aside == kept * 2


def test_flags_that_say_it_all_neither_fetch_a_model_nor_run_a_tool() -> None:
    flags = User(means_it=True)
    assert flags.confirm("Attach it?")
    assert not flags.consent("Fetch it?")
    assert not flags.permit("Send the key?")
    yes = User(says_yes=True)
    assert yes.permit("Send the key?")
    assert yes.confirm("Attach it?")
    assert not yes.consent("Fetch it?")
    assert flags.approve(CHOICES).letter == NO


def test_a_model_that_was_named_is_fetched_without_a_question() -> None:
    assert User(wants_weights=True).consent("Fetch it?")


@pytest.mark.parametrize(
    ("said", "choice"),
    [
        ("y", "y"),
        ("T", "t"),
        ("this tool", "t"),
        ("Always", "a"),
        ("", NO),
        ("tool", NO),
        ("n", NO),
        ("yes please", NO),
    ],
)
def test_a_choice_is_made_by_its_letter_or_its_name(said: str, choice: str) -> None:
    assert User(answer=lambda _question: said).approve(CHOICES).letter == choice


def test_a_slip_of_the_finger_is_asked_about_again_and_not_without_end() -> None:
    answers = ["z", "y", *"zzzzzz"]
    user = User(answer=lambda _question: answers.pop(0))
    assert user.approve(CHOICES).letter == "y"
    assert user.approve(CHOICES).letter == NO
    assert answers


def test_ctrl_c_at_a_choice_is_no_answer_to_it() -> None:
    def interrupted(_question: str) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        User(stoppable=interrupted).approve(CHOICES)
