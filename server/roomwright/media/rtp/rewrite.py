"""A publisher's packet as a group of subscribers gets it, but for what differs within the group.

The extension is written anew with the subscribers' ids: our streams are known by SSRC, so mid and rid of the publisher
must not be seen. Payload bytes are never changed, with two exceptions that only remove or renumber: VP8 picture ids
after a switch of layers, and redundant audio for who did not negotiate it.
"""

from dataclasses import dataclass

from roomwright.media.rtp import red, vp8
from roomwright.media.rtp.header import elements

_EXTENSION = 0x10
_KEPT_BITS = 0xA0  # version and padding
_FORM = b"\xbe\xde"
_ONE_WORD = _FORM + b"\x00\x01"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is the same for all subscribers of a group.

    `payload_types`: the publisher's -> the subscribers'. `redundant`: the publisher's payload types of redundant audio
    (RFC 2198) of which only the primary encoding is passed on. `extensions`: the publisher's id -> the subscribers'.
    `send_time`: the subscribers' id of abs-send-time, 0: not negotiated. `picture_ids` and `tl0_indices` are added to
    VP8's picture id and TL0PICIDX.
    """

    payload_types: tuple[tuple[int, int], ...]
    redundant: tuple[int, ...] = ()
    extensions: tuple[tuple[int, int], ...] = ()
    send_time: int = 0
    picture_ids: int = 0
    tl0_indices: int = 0


class Rewriter:
    """A recipe made ready for use on every packet."""

    __slots__ = ("_changes_payload", "_extensions", "_payload_types", "_recipe", "_send_time")

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._payload_types = dict(recipe.payload_types)
        self._extensions = dict(recipe.extensions)
        self._changes_payload = bool(recipe.redundant or recipe.picture_ids or recipe.tl0_indices)
        self._send_time = bytes((recipe.send_time << 4 | 2,)) if recipe.send_time else b""

    def rewrite(self, packet: bytes, start: int, send_time: bytes) -> tuple[int, bytes, bytes] | None:
        """The first two bytes as a number, the header extension, the payload with its padding.

        `start` is where the payload begins, `send_time` the three bytes of abs-send-time. None: the group has nothing
        negotiated that could carry the packet. Called for every packet: kept flat for speed.
        """
        head, source = packet[0], packet[1]
        target = self._payload_types.get(source & 0x7F)
        if target is None:
            return None
        payload = packet[start:]
        if self._changes_payload:
            payload = self._changed(payload, source & 0x7F)
        if self._extensions:
            extension = self._extension(packet, send_time)
        elif self._send_time:
            extension = _ONE_WORD + self._send_time + send_time
        else:
            extension = b""
        first = (head & _KEPT_BITS | (_EXTENSION if extension else 0)) << 8 | source & 0x80 | target
        return first, extension, payload

    def _changed(self, payload: bytes, payload_type: int) -> bytes:
        recipe = self._recipe
        if payload_type in recipe.redundant:
            payload = red.primary(payload)
        if recipe.picture_ids or recipe.tl0_indices:
            payload = vp8.renumbered(payload, recipe.picture_ids, recipe.tl0_indices)
        return payload

    def _extension(self, packet: bytes, send_time: bytes) -> bytes:
        body = self._send_time + send_time if self._send_time else b""
        if packet[0] & _EXTENSION:
            for found, start, length in elements(packet):
                target = self._extensions.get(found)
                if target is not None and 0 < length <= 16:
                    body += bytes((target << 4 | length - 1,)) + packet[start : start + length]
        if not body:
            return b""
        words = (len(body) + 3) >> 2
        return _FORM + bytes((words >> 8, words & 0xFF)) + body.ljust(4 * words, b"\0")
