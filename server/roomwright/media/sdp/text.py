"""Small readers of values."""

from roomwright.media.sdp.errors import SdpError


def integer(text: str, largest: int) -> int:
    """A decimal number from 0 to `largest`. Raises SdpError."""
    if not (text.isascii() and text.isdigit() and len(text) <= 20 and int(text) <= largest):
        raise SdpError(f"{text[:30]!r} is not a number from 0 to {largest}")
    return int(text)


def token(text: str, longest: int = 256) -> str:
    """One word. Raises SdpError."""
    if not text or len(text) > longest or " " in text:
        raise SdpError(f"{text[:30]!r} is not a word of up to {longest} characters")
    return text
