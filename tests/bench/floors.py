"""The floors: the least that any program of this kind has to do, in a few lines each; and chatrepl with a stopwatch."""

PROMPT = """
from prompt_toolkit import PromptSession
session = PromptSession()
while True:
    try:
        session.prompt("> ")
    except EOFError:
        break
"""

_STREAM = r"""
import json, sys, httpx
url, whole, client = sys.argv[1], [], httpx.Client(timeout=600)
while True:
    line = input("> ")
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": line}]}
    with client.stream("POST", url + "/chat/completions", json=body) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: {"):
                choices = json.loads(line[6:])["choices"]
                text = choices[0]["delta"].get("content") if choices else None
                if text:
                    whole.append(text)
                    sys.stdout.write(text)
                    sys.stdout.flush()
    RENDER
    print("\n2 out", flush=True)
"""

STREAM = _STREAM.replace("RENDER", "pass")

MARKDOWN = _STREAM.replace(
    "RENDER",
    "from rich.console import Console; from rich.markdown import Markdown; Console().print(Markdown(''.join(whole)))",
)

FRAMES = """
import sys, time
from chatrepl.cli.main import main
from chatrepl.terminal.screen import live
draw, took = live.LivePicture._paint, []
def timed(self):
    began = time.perf_counter()
    draw(self)
    took.append(time.perf_counter() - began)
live.LivePicture._paint = timed
main(sys.argv[2:])
open(sys.argv[1], "w").write(" ".join(map(str, took)))
"""

LISTED = """
import sys, time
from pathlib import Path
from chatrepl import sessions
for _ in range(2):
    began = time.perf_counter()
    list(sessions.listed(Path(sys.argv[1])))
    print(time.perf_counter() - began)
"""
