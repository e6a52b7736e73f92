"""Who allowed what: a yes holds for what was shown, and for nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from chatrepl.text import safe
from chatrepl.tools import approval, results
from chatrepl.tools.approval import Grants, exact, question, verdict, whole
from chatrepl.tools.tool import Call, Result, Tool, Watch
from chatrepl.tools.toolbox import run
from tests.support.calls import calls


def nothing(_arguments: object, _watch: Watch) -> Result:
    return results.result("ran")


TOOL = Tool(
    "files__write_file",
    "files",
    "write_file",
    "Writes a file.",
    {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
    '["npx","files"]',
    nothing,
)
PROGRAM = Tool("shout", "", "shout", "Shouts.", {"type": "object"}, '["sh", "shout.sh"]', nothing)


def call(tool: Tool = TOOL, **arguments: Any) -> Call:
    return Call("1", tool, arguments)


def test_nothing_is_allowed_by_itself() -> None:
    assert not verdict(TOOL, Grants()).allowed
    assert not verdict(replace(TOOL, annotations={"readOnlyHint": True}), Grants()).allowed


@pytest.mark.parametrize("name", ["files", "files.write_file", "files__write_file"])
def test_a_flag_names_a_tool_or_its_server(name: str) -> None:
    assert verdict(TOOL, approval.Grants(named=frozenset([name]))).allowed
    assert not verdict(PROGRAM, approval.Grants(named=frozenset([name]))).allowed


@pytest.mark.parametrize("name", ["file", "Files", "files.write", "write_file", "*", "", "shou"])
def test_a_flag_that_names_something_else_allows_nothing(name: str) -> None:
    assert not verdict(TOOL, approval.Grants(named=frozenset([name]))).allowed
    assert not verdict(PROGRAM, approval.Grants(named=frozenset([name]))).allowed


def test_the_configuration_allows_too() -> None:
    assert verdict(replace(TOOL, approve="allow"), Grants()).allowed


CHANGES: dict[str, dict[str, Any]] = {
    "its description": {"description": "Writes a file, and sends it to us."},
    "its schema": {"schema": {"type": "object", "properties": {"to": {"type": "string"}}}},
    "its command": {"origin": '["npx","flies"]'},
    "its server": {"server": "flies"},
    "its own name": {"own": "write_flie"},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_tool_that_changed_is_asked_about_again_and_the_change_is_shown(change: str) -> None:
    changed = replace(TOOL, **CHANGES[change])
    for grants in (approval.with_tools(Grants(), [TOOL]), approval.with_kept(Grants(), TOOL)):
        assert verdict(TOOL, grants).allowed
        assert not verdict(changed, grants).allowed
    grants = Grants(kept={TOOL.shown: approval.kept(TOOL), changed.shown: approval.kept(TOOL)})
    assert not verdict(changed, grants).allowed
    assert verdict(changed, grants).changes


def test_the_difference_is_shown_line_by_line() -> None:
    changed = replace(TOOL, description="Writes a file,\nand sends it.")
    changes = verdict(changed, approval.with_tools(Grants(), [TOOL])).changes
    assert changes == ("description:", "- Writes a file.", "+ Writes a file,", "+ and sends it.")


def test_a_yes_to_a_server_is_for_the_tools_it_has_now() -> None:
    grants = approval.with_tools(Grants(), [TOOL])
    assert not verdict(replace(TOOL, name="files__delete", own="delete"), grants).allowed


def test_a_yes_is_for_one_call_in_one_folder() -> None:
    one = call(path="a")
    assert one.digest("/x") == call(path="a").digest("/x")
    assert (
        len({one.digest("/x"), one.digest("/y"), call(path="b").digest("/x"), call(PROGRAM, path="a").digest("/x")})
        == 4
    )
    assert run(one, call(path="b").digest(".")).text == "Not run: the call is not the one that was allowed."


def test_the_question_shows_what_runs() -> None:
    assert question(call(path="notes/plan.md")) == 'files.write_file  path="notes/plan.md"'
    assert question(call(PROGRAM, n=3, deep={"a": [True, None]})) == 'shout  n=3 deep={"a": [true, null]}'
    assert question(call(PROGRAM)) == "shout"


TRICKS = {
    "a line break": "a\nb\r\nc\rd\u2028e\x85f",
    "escapes": "\x1b[2K\x1b[1A\x1b]0;t\x07",
    "bidi": "\u202etxt.exe\u2066",
    "zero width": "a\u200bb\u200c\u200d\ufeff\u00ad",
    "variation selectors": "a\ufe0fb\U000e0100",
    "tags": "\U000e0041\U000e0042",
    "odd blanks": "a\u00a0b\u3000c\u2003d\te",
    "a question of its own": '" allow? [y/N] y',
    "half a character": "\ud800",
}


@pytest.mark.parametrize("trick", TRICKS)
def test_nothing_in_an_argument_acts_or_hides(trick: str) -> None:
    for shown in (
        question(call(path=TRICKS[trick])),
        question(Call("1", TOOL, {TRICKS[trick]: 1})),
        *whole(call(path=TRICKS[trick])),
    ):
        assert "\n" not in shown
        assert safe.text(shown) == shown
        assert shown.isprintable()
        assert not any(blank in shown for blank in "\u00a0\u3000\u2003\u200c\u200d\ufe0f\u200e")


def test_breaks_and_tabs_have_signs() -> None:
    assert exact("a\r\nb\tc") == "a⏎b⇥c"
    assert exact('say "hi" \\n', quoted=True) == '"say \\"hi\\" \\\\n"'


def test_what_is_pushed_out_of_sight_is_in_sight() -> None:
    command = "echo hi" + " " * 100_000 + "; rm -rf ~"
    shown = question(call(PROGRAM, command=command))
    assert "rm -rf ~" in shown
    assert "⟨100,000 blanks⟩" in shown
    assert len(shown) < 80
    assert len(question(call(PROGRAM, **{f"k{n}": n for n in range(10_000)}))) < 300
    assert len(question(Call("1", PROGRAM, {"k" * 100_000: 1}))) < 300


def test_a_long_value_is_cut_in_the_middle_and_shown_whole_on_demand() -> None:
    value = "begin" + "x" * 100_000 + "; rm -rf ~"
    one = call(PROGRAM, text=value)
    shown = question(one)
    assert '"begin' in shown
    assert '; rm -rf ~"' in shown
    assert "…100,015 characters…" in shown
    assert f'text = "{value}"' in whole(one)


def test_of_many_arguments_the_first_and_the_last_are_shown() -> None:
    shown = question(call(PROGRAM, **{f"k{n}": n for n in range(100)}))
    assert shown == "shout  k0=0 k1=1 k2=2 k3=3 k4=4 k5=5 k6=6 k7=7 k8=8 k9=9 …88 more arguments… k98=98 k99=99"


def test_of_a_long_value_only_the_ends_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = calls(monkeypatch, safe, "text")
    question(call(PROGRAM, text="é\u202e" * 200_000, list=list(range(100_000))))
    assert sum(len(text) for (text,) in looked_at) < 10_000


def test_all_of_it_names_the_command_and_says_that_hints_are_no_promise() -> None:
    lines = whole(call(replace(TOOL, annotations={"readOnlyHint": True}), path="x"))
    assert lines == [
        "files.write_file: Writes a file.",
        'runs ["npx","files"]',
        'its server says of it (not checked): {"readOnlyHint":true}',
        'path = "x"',
    ]
