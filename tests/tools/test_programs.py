"""A program as a tool: real programs, and what a hostile one can do."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatrepl.config.tools import Program
from chatrepl.errors import CommandError
from chatrepl.text.excerpt import FOR_A_MODEL
from chatrepl.text.redaction import Secrets
from chatrepl.tools import results
from chatrepl.tools.children import Keeper
from chatrepl.tools.programs import Surroundings, tool
from chatrepl.tools.tool import Result, no_watch
from tests.support.server import PATIENCE

if sys.platform == "win32":
    pytest.skip("the children of these tests are of POSIX", allow_module_level=True)

Run = Callable[..., Result]


@pytest.fixture
def keeper() -> Iterator[Keeper]:
    keeper = Keeper()
    yield keeper
    keeper.close()


@pytest.fixture
def run(keeper: Keeper, tmp_path: Path) -> Run:
    """Runs a script in Python as a tool."""

    def run(source: str, arguments: object = None, env: dict[str, str] | None = None, **settings: object) -> Result:
        around = Surroundings(env or dict(os.environ), keeper, tmp_path)
        program = Program("it", (sys.executable, "-c", source), **settings)  # type: ignore[arg-type]
        return tool(program, around).run(arguments or {}, no_watch)  # type: ignore[arg-type]

    return run


def gone(pid: int) -> bool:
    """Whether a process ends before long; one that nobody waited for has ended too."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.01)
    return False


def test_it_reads_its_arguments_and_writes_the_result(run: Run) -> None:
    said = run("import json, sys; print('In', json.load(sys.stdin)['city'], 'it rains ☔')", {"city": "Köln"})
    assert said.text == said.whole == "In Köln it rains ☔"
    assert not said.error
    assert said.seconds > 0


def test_a_status_is_an_error_with_the_end_of_what_it_complained_of(run: Run) -> None:
    said = run("import sys; print('so far'); sys.stderr.write('x' * 9000); sys.exit('no such word')")
    assert said.error
    assert said.text.startswith("exit 1: x")
    assert "no such word\n\nIts output:\nso far" in said.text
    assert len(said.text) < 2_100


def test_one_that_a_signal_ended_is_an_error(run: Run) -> None:
    assert run("import os; os.kill(os.getpid(), 11)").text == "ended by signal 11"


def test_nothing_said_is_said(run: Run) -> None:
    assert run("").text == "(no output)"


def test_a_program_that_does_not_read_its_arguments_is_no_failure(run: Run) -> None:
    assert run("print('done')", {"long": "x" * 1_000_000}).text == "done"


def test_its_environment_is_short(run: Run) -> None:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": "/home/me",
        "OPENAI_API_KEY": "sk-1",
        "MY_TOKEN": "t",
        "https_proxy": "http://me:secret@proxy",
        "SSH_AUTH_SOCK": "/tmp/agent",
    }
    script = "import json, os; print(json.dumps(dict(os.environ)))"
    found = json.loads(run(script, env=env).text)
    assert found.keys() - {"LC_CTYPE"} == {"PATH", "HOME"}  # Python itself sets the third


def test_what_the_configuration_gives_it_is_there(keeper: Keeper, tmp_path: Path) -> None:
    given = {"LEVEL": "${LOG_LEVEL:-info}", "TOKEN": "Bearer ${MY_TOKEN}"}
    script = "import os; print(os.environ['LEVEL'], os.environ['TOKEN'])"
    env = {"PATH": os.environ["PATH"], "MY_TOKEN": "12345678-secret"}
    secrets = Secrets()
    secrets.add("12345678-secret")
    made = tool(
        Program("it", (sys.executable, "-c", script), env=given), Surroundings(env, keeper, tmp_path, secrets.hide)
    )
    assert made.run({}, no_watch).text == "info Bearer (hidden)", "and a result is without secrets"
    assert "12345678" not in made.origin


def test_a_variable_that_is_not_set_is_named(keeper: Keeper) -> None:
    made = tool(Program("it", ("x",), env={"A": "${NOT_THERE}"}), Surroundings({}, keeper, Path()))
    assert made.run({}, no_watch).text == "it needs NOT_THERE, which is not set"


def test_it_has_no_file_of_ours_and_no_terminal(run: Run, tmp_path: Path) -> None:
    with open(tmp_path / "ours", "w") as ours:
        os.set_inheritable(ours.fileno(), True)
        script = (
            "import os; print([fd for fd in range(3, 256) if os.path.exists(f'/proc/self/fd/{fd}') and "
            "os.readlink(f'/proc/self/fd/{fd}').endswith('ours')], os.isatty(0), os.getsid(0) == os.getpid())"
        )
        assert run(script).text == "[] False True"


def test_there_is_no_terminal_to_ask_at(run: Run) -> None:
    assert "OSError" in run("open('/dev/tty')").text


def test_one_that_takes_too_long_is_ended_whatever_it_does(run: Run) -> None:
    script = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = os.fork() or os.execvp('sleep', ['sleep', '600'])\n"
        "print(os.getpid(), child, flush=True)\n"
        "time.sleep(600)\n"
    )
    said = run(script, timeout=0.5)
    assert said.error
    assert said.text.startswith("Stopped after 0.5 s\n\nIts output:\n")
    assert all(gone(int(pid)) for pid in said.text.split()[-2:])


def test_what_it_leaves_behind_is_ended_and_not_waited_for(run: Run) -> None:
    script = "import os\nchild = os.fork() or os.execvp('sleep', ['sleep', '600'])\nprint(child)"
    started = time.monotonic()
    said = run(script)
    assert time.monotonic() - started < 10
    assert not said.error
    assert gone(int(said.text))


def test_one_that_leaves_the_group_with_the_pipe_is_not_waited_for(run: Run) -> None:
    script = "import os, time\nchild = os.fork()\nif child == 0:\n os.setsid(); time.sleep(30)\nelse: print(child)"
    started = time.monotonic()
    said = run(script)
    assert time.monotonic() - started < 10
    os.kill(int(said.text), signal.SIGKILL)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_output_without_end_is_ended(run: Run, stream: str) -> None:
    said = run(f"import sys\nwhile True: sys.{stream}.write('x' * 100_000)", timeout=1.5)
    assert said.error
    assert said.text.startswith("Stopped")
    assert len(said.text) <= FOR_A_MODEL
    assert len(said.whole) < results.WHOLE + 100


def test_a_long_result_is_cut_in_the_middle_and_says_so(run: Run) -> None:
    said = run("print('begin' + 'x' * 100_000 + 'end')")
    assert said.text.startswith("begin")
    assert said.text.endswith("end")
    assert "of 100,008 characters left out here" in said.text
    assert FOR_A_MODEL - 10 < len(said.text) <= FOR_A_MODEL
    assert len(said.whole) == 100_008


def test_bytes_that_are_no_text_are_no_failure(run: Run) -> None:
    assert run("import sys; sys.stdout.buffer.write(b'a\\xff\\x00b')").text == "a\ufffd\0b"


@pytest.mark.parametrize("command", ["/no/such/program", "no-such-program-here", "nul\0l", "/"])
def test_a_program_that_cannot_be_started_is_one_line(keeper: Keeper, command: str) -> None:
    said = tool(Program("it", (command,)), Surroundings(dict(os.environ), keeper, Path())).run({}, no_watch)
    assert said.error
    assert "cannot be started: " in said.text
    assert "\n" not in said.text


def test_files_of_the_command_are_looked_for_beside_the_configuration(keeper: Keeper, tmp_path: Path) -> None:
    (tmp_path / "weather.py").write_text("import json, sys; print('sun in', json.load(sys.stdin)['city'])")
    around = Surroundings(dict(os.environ), keeper, tmp_path)
    program = Program("it", (sys.executable, "weather.py"), parameters={"city": "string"})
    assert tool(program, around).run({"city": "Rome"}, no_watch).text == "sun in Rome"


def test_a_program_whose_parameters_are_no_schema_is_refused(keeper: Keeper) -> None:
    with pytest.raises(CommandError, match="The tool it cannot be used: city has no known kind: 'strng'"):
        tool(Program("it", ("x",), parameters={"city": "strng"}), Surroundings({}, keeper, Path()))


def test_ctrl_c_ends_the_whole_group(keeper: Keeper, tmp_path: Path) -> None:
    told = tmp_path / "pids"
    script = (
        "import os, signal, time, sys\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = os.fork() or os.execvp('sleep', ['sleep', '600'])\n"
        f"open({str(told)!r} + '~', 'w').write(f'{{os.getpid()}} {{child}}')\n"
        f"os.rename({str(told)!r} + '~', {str(told)!r})\n"
        "time.sleep(600)\n"
    )
    made = tool(Program("it", (sys.executable, "-c", script)), Surroundings(dict(os.environ), keeper, tmp_path))

    def interrupt() -> None:
        while not told.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Thread(target=interrupt, daemon=True).start()
        with pytest.raises(KeyboardInterrupt):
            made.run({}, no_watch)
    finally:
        signal.signal(signal.SIGINT, before)
    assert all(gone(int(pid)) for pid in told.read_text().split())


KILLED = """
import os, sys
from pathlib import Path
from chatrepl.config.tools import Program
from chatrepl.tools.children import Keeper
from chatrepl.tools.programs import Surroundings, tool
from chatrepl.tools.tool import no_watch
script = '''
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork() or os.execvp("sleep", ["sleep", "600"])
open(os.environ["TOLD"] + "~", "w").write(f"{os.getpid()} {child}")
os.rename(os.environ["TOLD"] + "~", os.environ["TOLD"])
time.sleep(600)
'''
program = Program("it", (sys.executable, "-c", script), env={"TOLD": sys.argv[1]})
tool(program, Surroundings(dict(os.environ), Keeper(), Path())).run({}, no_watch)
"""


def test_nothing_outlives_a_program_that_was_killed(tmp_path: Path) -> None:
    told = tmp_path / "pids"
    ours = subprocess.Popen([sys.executable, "-c", KILLED, str(told)])
    try:
        deadline = time.monotonic() + PATIENCE
        while not told.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        ours.kill()
        ours.wait()
    assert all(gone(int(pid)) for pid in told.read_text().split())
