"""What a session is called that has no name of its own."""

from chatrepl.text import lookalikes


def title_of(question: str) -> str:
    """A title from a question: its first line that says something, without secrets, at most 60 characters."""
    first = lookalikes.hidden(next((line.strip() for line in question.splitlines() if line.strip()), ""))
    if len(first) <= 60:
        return first
    whole = first[:60].rpartition(" ")[0]  # cut between words, where there are some
    return (whole if len(whole) > 30 else first[:59]).rstrip(" ,;:") + "…"
