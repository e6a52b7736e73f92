"""The pages of the manual, which come with the program: ``chatrepl/manual/NAME.md``."""

from pathlib import Path

import chatrepl
from chatrepl.errors import CommandError, Hint
from chatrepl.text.fuzzy import nearest

FOLDER = Path(chatrepl.__file__).parent / "manual"


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
