"""Bodies that came compressed though nobody asked for it: undone piece by piece, so that a few bytes of it never become
many at once. What more than one encoding was laid around is not looked into, see ``dialects.response``."""

import zlib
from collections.abc import Iterable, Iterator

import httpx

PIECE = 2**16
"""The most bytes that come out at once."""

_BITS = {"gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


def plain(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The body without its encoding; as it is where that is none of those that are undone here. A damaged one is a
    DecodingError."""
    bits = _BITS.get(encoding.strip().lower())
    return _inflated(chunks, bits) if bits else iter(chunks)


def _inflated(chunks: Iterable[bytes], bits: int) -> Iterator[bytes]:
    inflate, begun = zlib.decompressobj(bits), False
    for chunk in chunks:
        if not begun and bits == zlib.MAX_WBITS and chunk and not _has_header(chunk):
            inflate = zlib.decompressobj(-zlib.MAX_WBITS)  # what some servers call deflate
        begun |= bool(chunk)
        rest = chunk
        while rest and not inflate.eof:
            try:
                piece = inflate.decompress(rest, PIECE)
            except zlib.error as error:
                raise httpx.DecodingError(str(error)) from None
            rest = inflate.unconsumed_tail
            if piece:
                yield piece


def _has_header(chunk: bytes) -> bool:
    """Whether it begins as the zlib format does, RFC 1950."""
    return chunk[0] & 0x0F == 8 and (len(chunk) < 2 or (chunk[0] << 8 | chunk[1]) % 31 == 0)
