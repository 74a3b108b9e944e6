"""Server-sent events as text (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from roomwright.events.ring import Missed

RETRY_MS = 1_000
"""How long a reader shall wait before it comes back."""


def greeting(last: int) -> bytes:
    """The first thing that a reader is sent. The id stands for all before, so that it can be resumed from at once."""
    return b"retry: %d\nid: %d\n\n" % (RETRY_MS, last)


def beat(last: int) -> bytes:
    """A sign of life; it moves the id on past what the reader did not want."""
    return b": alive\nid: %d\n\n" % last


def event(sequence: int, body: bytes) -> bytes:
    """One event."""
    return b"id: %d\ndata: %b\n\n" % (sequence, body)


def missed(gap: Missed, last: int) -> bytes:
    """That a reader has missed something; `last` is the sequence after which it goes on."""
    told = b'"missed":null,"reason":"the id is of another life"'
    if gap.number is not None:
        told = b'"missed":%d,"reason":"too far behind"' % gap.number
    return b"event: missed\nid: %d\ndata: {%b}\n\n" % (last, told)
