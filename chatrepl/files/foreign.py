"""The child process that looks into files of strangers: PDF, HTML and images, which libraries take apart.

It is run by its path and imports nothing of chatrepl. The bytes come on stdin; what came of them goes to stdout. Its
exit status tells how it went, with a word of it on stderr. Whatever a file does to the library, it is done here, within
bounds of memory and time.
"""

import io
import sys
from collections.abc import Callable

MEMORY = 2 << 30
"""The bytes of address space that it may take."""

SECONDS = 60
"""The seconds of work."""

MISSING, FAILED, LOCKED, EMPTY = 3, 4, 5, 6
"""The exit statuses: no library, a file that cannot be read, one with a password, one in which no text is."""


def _bound() -> None:
    if sys.platform == "win32":
        return
    import resource  # which Windows has not

    for kind, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS)):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _pdf(data: bytes) -> bytes:
    """The text of a PDF, page by page."""
    import pypdf

    reader = pypdf.PdfReader(io.BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):
        sys.exit(LOCKED)
    texts = (page.extract_text().strip() for page in reader.pages)
    pages = [f"[page {number}]\n{text}" for number, text in enumerate(texts, 1) if text]
    return "\n\n".join(pages).encode("utf-8", "replace") or sys.exit(EMPTY)


def _html(data: bytes) -> bytes:
    """What a page says, as Markdown: its article where one is found, else all of it."""
    import trafilatura

    text = data.decode("utf-8", "replace")
    found = trafilatura.extract(text, output_format="markdown", include_links=True, include_tables=True)
    title = getattr(trafilatura.extract_metadata(text), "title", None)
    said = found or trafilatura.html2txt(text)
    if not said.strip():
        sys.exit(EMPTY)
    return (f"# {title}\n\n" if title and title not in said[:200] else "").encode() + said.encode("utf-8", "replace")


def _image(data: bytes) -> bytes:
    """The image as one that is no larger than wanted, in bytes and along its sides."""
    from PIL import Image

    most, side = map(int, sys.argv[2:])
    Image.MAX_IMAGE_PIXELS = 200_000_000
    with Image.open(io.BytesIO(data)) as image:
        image.draft("RGB", (side, side))
        plain = image.convert("RGB") if image.mode not in ("RGB", "L") else image.copy()
    for _ in range(8):
        plain.thumbnail((side, side))
        for quality in (90, 75, 60):
            out = io.BytesIO()
            plain.save(out, "JPEG", quality=quality)
            if out.tell() <= most:
                return out.getvalue()
        side = max(plain.size) * 3 // 4
    sys.exit(FAILED)


KINDS: dict[str, Callable[[bytes], bytes]] = {"pdf": _pdf, "html": _html, "image": _image}


def main() -> None:
    """Look into the file on stdin."""
    _bound()
    try:
        found = KINDS[sys.argv[1]](sys.stdin.buffer.read())
    except ImportError as error:
        print(error, file=sys.stderr)
        sys.exit(MISSING)
    except Exception as error:  # whatever a library makes of the file
        print(error, file=sys.stderr)
        sys.exit(FAILED)
    sys.stdout.buffer.write(found)


if __name__ == "__main__":
    main()
