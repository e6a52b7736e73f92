"""The pages of the manual, which come with the program: ``chatrepl/manual/NAME.md``."""

import re
from pathlib import Path

import chatrepl
from chatrepl.errors import CommandError, Hint
from chatrepl.text.fuzzy import nearest

FOLDER = Path(chatrepl.__file__).parent / "manual"

_BEGINS = re.compile(r"\s*(?:$|[#|>]|```|[-*+] |\d+\. )")
_STANDS_ALONE = re.compile(r"\s*(?:$|[#|]|```)")


def topics() -> list[str]:
    """The names of the pages."""
    return sorted(page.stem for page in FOLDER.glob("*.md"))


def page(topic: str) -> str:
    """The page of that name, as Markdown."""
    name = topic.strip().lower().removesuffix(".md")
    if name not in topics():
        known = ", ".join(topics())
        hint = Hint(f"The pages are {known}.", "/help all lists every command and page.")
        raise CommandError(f"The manual has no page {topic!r}{nearest(name, topics())}", hint)
    return (FOLDER / f"{name}.md").read_text("utf-8")


def flowing(text: str) -> str:
    """The page with each paragraph on a line of its own. The files are wrapped for who edits them; a window has its own
    width, and a break of the file would stand in the middle of its lines."""
    lines: list[str] = []
    is_code = False
    for line in text.splitlines():
        fence = line.lstrip().startswith("```")
        if not (is_code or fence or not lines or _STANDS_ALONE.match(lines[-1]) or _BEGINS.match(line)):
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line)
        is_code ^= fence
    return "\n".join(lines) + "\n"
