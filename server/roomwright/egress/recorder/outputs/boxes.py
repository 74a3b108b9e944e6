"""The outermost boxes of MP4: how much of a file that was cut off anywhere is whole."""

import os
from collections.abc import Iterator
from typing import BinaryIO

_HEAD = 8


def whole(file: BinaryIO) -> int:
    """Bytes up to the end of the last fragment, or of the last other box, that is there in full."""
    kept = 0
    for kind, end in _boxes(file):
        if kind != b"moof":
            kept = end
    return kept


def _boxes(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Each box that is whole, and where it ends."""
    size = file.seek(0, os.SEEK_END)
    at = 0
    while at + _HEAD <= size:
        file.seek(at)
        head = file.read(2 * _HEAD)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[_HEAD:], "big")
        at += max(length, _HEAD)
        if at > size:
            return
        yield head[4:_HEAD], at
