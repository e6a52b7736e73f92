"""A saved page in a real browser: it shows what was said, its own script runs, and nothing else runs or is fetched."""

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chatrepl.conversation import (
    Conversation,
    FilePart,
    ImagePart,
    Message,
    SourcePart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from chatrepl.sessions import formats

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(not BROWSER, reason="there is no Chromium (Debian: apt-get install chromium)")
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
ACT = "document.documentElement.dataset.owned=1;fetch('{url}/s')"
ATTACKS = [
    "<script>{act}</script>",
    "</style><script>{act}</script>",
    '</title></head><body onload="{act}"><script src={url}/x.js></script>',
    '<img src=x onerror="{act}"><img src="{url}/i.png"><svg onload="{act}"><iframe src="{url}/f"></iframe>',
    "<link rel=stylesheet href={url}/c.css><style>@import url({url}/d.css);</style><base href={url}/>",
    "<meta http-equiv=refresh content='0;url={url}/m'><form action={url}/a><input autofocus onfocus=\"{act}\"></form>",
    "![a]({url}/p.png) [b](javascript:{act}) <{url}/l> [c](data:text/html,<script>{act}</script>)",
    "$\\text{{<script>{act}</script>}}$ $\\style{{background:url({url}/b)}}{{x}}_1$ $\\href{{javascript:a}}{{x}}^2$",
    '```html" onclick="{act}\n<script>{act}</script>\n```',
    "|a|b|\n|-|-|\n|<img src={url}/t.png>|<script>{act}</script>|",
    '" onerror="{act}" x="',
    "[r]\n\n[r]: javascript:{act}",
]


class Requests(ThreadingHTTPServer):
    """A server that remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Requests

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Requests]:
    with Requests() as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def loaded(page: str, folder: Path) -> str:
    """The page as a browser has it once all is loaded and run."""
    path = folder / "page.html"
    path.write_text(page, "utf-8")
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    command += [
        f"--user-data-dir={folder / 'profile'}",
        "--disable-component-update",
        "--disable-background-networking",
    ]
    command += ["--virtual-time-budget=3000", "--dump-dom", path.as_uri()]
    env = {**os.environ, "TMPDIR": "/tmp"}  # it puts a socket there, whose name must be short
    done = subprocess.run(command, capture_output=True, timeout=120, check=True, env=env)
    return done.stdout.decode()


def hostile(attack: str) -> str:
    """A page with the attack in every field."""
    question = Message("user", (TextPart(attack), FilePart(attack, attack), ImagePart("image/png", PIXEL, attack)))
    sources = (SourcePart(attack, attack, "1", "0-3"), SourcePart(f"https://a.example/{attack}", attack, "2", "0-9"))
    parts = (ThinkingPart(attack, attack), TextPart(attack), *sources, ToolCallPart(attack, attack, attack))
    turn = (question, Message("assistant", parts, attack), Message("tool", (ToolResultPart(attack, attack),)))
    return formats.render(".html", Conversation(attack, [(*turn, Message("assistant", (TextPart(attack),)))]), attack)


def test_no_hostile_text_runs_or_fetches(server: Requests, tmp_path: Path) -> None:
    texts = [attack.format(url=server.url, act=ACT.format(url=server.url)) for attack in ATTACKS]
    seen = loaded(hostile("\n\n".join(texts)), tmp_path)
    assert "data-owned" not in seen
    assert not server.asked
    assert "<button" in seen  # its own script ran


def test_the_policy_alone_would_stop_it(server: Requests, tmp_path: Path) -> None:
    attack = ATTACKS[0].format(act=ACT.format(url=server.url)) + f'<img src="{server.url}/i">'
    page = formats.render(".html", Conversation("", [(Message("user", ()), Message("assistant", ()))]), "")
    seen = loaded(page.replace("</header>", f"</header>{attack}"), tmp_path)
    assert "data-owned" not in seen.replace(attack, "")
    assert not server.asked


def test_without_either_it_would_be_seen(server: Requests, tmp_path: Path) -> None:
    seen = loaded(f"<body>{ATTACKS[0].format(act=ACT.format(url=server.url))}<img src='{server.url}/i'>", tmp_path)
    assert "data-owned" in seen
    assert "/i" in server.asked


def test_what_is_on_a_page(tmp_path: Path) -> None:
    reply = "```py\nx = 1\n```\n\n$x^2$\n\n- [x] done"
    turn = (
        Message("user", (TextPart("a"), ImagePart("image/png", PIXEL, "dot.png"))),
        Message("assistant", (ThinkingPart("hm"), TextPart(reply), ToolCallPart("1", "f", "{}")), "m"),
        Message("tool", (ToolResultPart("1", "ok"),)),
        Message("assistant", (TextPart("b"),), "m"),
    )
    seen = loaded(formats.render(".html", Conversation("", [turn]), "A page"), tmp_path)
    assert re.search(r'<div class="code"><pre>.*?</pre><button type="button">Copy</button></div>', seen, re.DOTALL)
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in seen
    for part in ("<details><summary>Thinking", "<summary>Calls f", "<summary>Result", "☑ done"):
        assert part in seen
    assert seen.count("<details>") == 3
    assert f'src="data:image/png;base64,{PIXEL}"' in seen
