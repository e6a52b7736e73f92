"""Which variables carry secrets, and which of them a program finds all the same."""

import pytest

from chatrepl.text.environment import carries_secret, for_children, named


@pytest.mark.parametrize(
    "name",
    """OPENAI_API_KEY HF_TOKEN AWS_SECRET_ACCESS_KEY GITHUB_PAT DB_PASSWORD MY_PASS SOME_CREDENTIALS
    AZURE_INFERENCE_CREDENTIAL openai_api_key KEY TOKEN_2""".split(),
)
def test_a_secret_is_known_by_the_words_of_its_name(name: str) -> None:
    assert carries_secret(name, "x")


@pytest.mark.parametrize(
    "name",
    "PATH HOME KEYBOARD KEYMAP TOKENIZERS_PARALLELISM SSH_AUTH_SOCK XAUTHORITY MONKEY KEY_PATH".split(),
)
def test_a_word_within_a_word_is_none(name: str) -> None:
    assert not carries_secret(name, "x")


def test_a_password_in_an_address_is_one() -> None:
    assert carries_secret("HTTPS_PROXY", "http://me:secret@proxy.example:3128")
    assert not carries_secret("HTTPS_PROXY", "http://proxy.example:3128")


def test_what_is_named_is_needed() -> None:
    env = {"PATH": "/bin", "OP_TOKEN": "a", "OTHER_TOKEN": "b"}
    assert for_children(env) == {"PATH": "/bin"}
    assert for_children(env, named(["sh", "-c", "op --token=${OP_TOKEN} $PATH"])) == {
        "PATH": "/bin",
        "OP_TOKEN": "a",
    }
