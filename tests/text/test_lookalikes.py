"""What looks like a key is known from what does not."""

import re

import pytest
from hypothesis import given

from chatrepl.sessions.titles import title_of
from chatrepl.text import lookalikes
from tests.support import strategies

LETTERS = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF"

SECRETS = [
    f"sk-{LETTERS}",
    f"sk-proj-{LETTERS}_{LETTERS}",
    f"sk-ant-api03-{LETTERS}-{LETTERS}",
    f"AIzaSy{LETTERS}a",
    f"gsk_{LETTERS}",
    f"hf_{LETTERS}",
    "xoxb-" + "123456789012-abcdef",
    f"ghp_{LETTERS}{LETTERS[:4]}",
    f"github_pat_{LETTERS}{LETTERS}",
    f"glpat-{LETTERS[:20]}",
    "AKIA" + "IOSFODNN7EXAMPLE",
    f"sk_live_{LETTERS}",
    "-----BEGIN PRIVATE " + "KEY-----",
    "-----BEGIN RSA PRIVATE " + "KEY-----",
    "-----BEGIN OPENSSH PRIVATE " + "KEY-----",
    f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.{LETTERS}",
    f"Authorization: Bearer {LETTERS}",
]

HARMLESS = [
    "",
    "What is sk-learn?",
    "the class is task-a1b2c3d4e5f6a7b8c9d0e1f2, not risk-" + LETTERS,
    "sk-a-very-long-name-of-a-style-sheet-class",
    "AKIA is a prefix",
    "-----BEGIN PUBLIC KEY-----",
    "commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "550e8400-e29b-41d4-a716-446655440000",
    "Authorization: Bearer $TOKEN",
    "export OPENAI_API_KEY=sk-...",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_key_is_known_wherever_it_stands(secret: str) -> None:
    for text in (secret, f'export KEY="{secret}"', f"line\n{secret}\nline", f"({secret}) is it", f"key={secret}"):
        assert lookalikes.kind(text)
        assert not lookalikes.kind(lookalikes.hidden(text))
        assert not lookalikes.kind(title_of(text))


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_key_is_not_taken_for_one(text: str) -> None:
    assert lookalikes.kind(text) == ""


@given(strategies.texts)
def test_any_text_may_be_asked_about(text: str) -> None:
    assert lookalikes.kind(text) == ""


def test_a_long_text_is_looked_through_for_what_may_be_there_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[str] = []

    def look(expression: str) -> re.Pattern[str]:
        looks.append(expression)
        return re.compile(expression)

    monkeypatch.setattr(lookalikes, "_look", look)
    assert lookalikes.kind("lorem ipsum " * 1000) == ""
    assert lookalikes.hidden("lorem ipsum") == "lorem ipsum"
    assert looks == [], "an expression takes long, and a text may have 50 MB"
    assert lookalikes.kind("a task-1 " * 1000) == ""
    assert len(looks) == 1
