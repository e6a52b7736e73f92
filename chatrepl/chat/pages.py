"""Pages that go along with a question: fetched from an address after a yes."""

import re

from chatrepl.chat.attaching import Declined
from chatrepl.chat.session import Session
from chatrepl.client import fetching
from chatrepl.client.fetching import Limits, Page
from chatrepl.conversation import FilePart
from chatrepl.errors import CommandError
from chatrepl.files import attachments, extracting
from chatrepl.files.attachments import Attachment
from chatrepl.text import safe, urls

_HTML = re.compile(rb"\s*(?:<!--.{0,1000}?-->\s*)*<(?:!doctype html|html|head|body)\b", re.IGNORECASE | re.DOTALL)


def wanted(session: Session, url: str) -> list[Attachment]:
    """What stands at that address; Declined if the user does not want it fetched."""
    host = safe.line(urls.host_of(fetching.checked(url)), 100)
    if not session.user.confirm(f"Fetch {fetching.shown(url)} from {host}?"):
        raise Declined(f"{fetching.shown(url)} is not fetched")
    with session.interrupts.awaited():
        try:
            page = fetching.fetch(url, session.env)
        except fetching.Near as near:
            page = _near(session, url, near)
        return [part(page)]


def _near(session: Session, url: str, near: fetching.Near) -> Page:
    """The page of a machine nearby, after a yes of its own."""
    if not session.user.permit(f"{near.host} is this machine, or one of its network. Fetch from it all the same?"):
        raise near
    return fetching.fetch(url, session.env, Limits(private=True))


def part(page: Page) -> Attachment:
    """The page as an attachment: its words, where it is one of HTML."""
    if "html" in page.mime or (not page.mime and _HTML.match(page.data)):
        text = attachments.text_of(page.data, page.url, page.charset)
        return FilePart(page.url, extracting.html_text(text.encode("utf-8", "replace"), fetching.shown(page.url)))
    try:
        return attachments.of_data(page.data, page.url, page.charset)
    except CommandError:
        kind = f" ({safe.line(page.mime, 60)})" if page.mime else ""
        raise CommandError(f"What stands at {fetching.shown(page.url)} is nothing to attach{kind}") from None
