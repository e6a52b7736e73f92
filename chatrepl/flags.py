"""The flags of the command line, in the words of --help."""

import argparse

from chatrepl import __version__, shell_completion


def parser() -> argparse.ArgumentParser:
    """The arguments, as --help shows them."""
    flags = argparse.ArgumentParser(
        prog="chatrepl",
        description="Chat with a language model in the terminal. Without PROMPT and piped text: the REPL.",
        epilog="Exit status: 0 fine, 1 the request failed, 2 wrong usage or configuration, 130 interrupted.",
    )
    add = flags.add_argument
    add("prompt", nargs="*", metavar="PROMPT", help="ask this, print the reply and leave")
    add("-p", "--profile", metavar="NAME", default="", help="who to talk to: a profile of the config or a built-in one")
    add("-m", "--model", default="", help="the model; for the profile local, the path of a GGUF file")
    add("-s", "--system", metavar="TEXT", help="the system prompt, or @FILE")
    add("-o", "--option", metavar="KEY=VALUE", action="append", default=[], help="an option of the request; repeatable")
    add("--dialect", metavar="NAME", default="", help="the protocol, instead of the profile's")
    add("--base-url", metavar="URL", default="", help="the address, instead of the profile's")
    add("-c", "--continue", action="store_true", dest="go_on", help="go on with the newest session")
    add(
        "-r", "--resume", metavar="ID", nargs="?", const="", help="go on with a session: by its id, by words, or chosen"
    )
    add("-f", "--file", metavar="PATH", action="append", default=[], help="attach a text or an image; repeatable")
    add("-i", "--interactive", action="store_true", help="answer PROMPT or the piped text first, then stay in the REPL")
    add("--raw", action="store_true", help="openai-completions: send the typed text as it is, no template, no history")
    add("--no-stream", action="store_true", help="ask for the reply in one piece")
    add("--plain", action="store_true", help="no markdown rendering, no colours, no repainting")
    add("--json", action="store_true", help="one-shot: print one JSON object")
    add("--ephemeral", action="store_true", help="write no session")
    add("--export", metavar=("ID", "FILE"), nargs=2, help="write a session as .md .json .jsonl .html .txt")
    add("--import", metavar="FILE", dest="take_in", help="make sessions of the conversations in a file")
    add("--record", metavar="DIR", help="write every exchange to this folder, without secrets")
    add("--replay", metavar="DIR", help="answer from such a folder instead of the network")
    add("--paced", action="store_true", help="with --replay: in the time the answers took")
    add("--config", metavar="FILE", help="the configuration file")
    add("--list-models", action="store_true", help="list what the server offers")
    add("--list-sessions", action="store_true", help="list the sessions, the newest first")
    add("--list-profiles", action="store_true", help="list the profiles, and which have their key")
    add("--doctor", action="store_true", help="check configuration, keys, servers, the embedded model and the terminal")
    add("--completion", metavar="SHELL", choices=shell_completion.SHELLS, help="print completion for bash, zsh or fish")
    add("--version", action="version", version=f"chatrepl {__version__}")
    return flags
