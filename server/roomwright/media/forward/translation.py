"""From what a publisher negotiated to what a subscriber did: payload types, extensions, retransmission formats."""

from dataclasses import dataclass, replace
from typing import Protocol

from roomwright.media.rtp.rewrite import Recipe
from roomwright.media.sdp.codecs import matching, retransmission_of
from roomwright.media.sdp.description import RtpCodec
from roomwright.media.sdp.extensions import ABS_SEND_TIME, AUDIO_LEVEL
from roomwright.media.sdp.tracks import Published, Sent

_LARGEST_ID = 14
"""Extensions are written in the one-byte form: larger ids are not used."""


class Numbered(Protocol):
    """A stream of VP8 with its latest numbers."""

    picture_id: int
    tl0_index: int


@dataclass(frozen=True, slots=True)
class Translation:
    """`recipe` is how packets of the first stream are rewritten. `retransmissions`: our payload type -> its RTX one."""

    recipe: Recipe
    retransmissions: dict[int, int]

    @classmethod
    def of(cls, published: Published, sent: Sent) -> "Translation":
        """Compare what both sides negotiated."""
        payload_types, redundant = _payload_types(published.codecs, sent.codecs)
        theirs = {extension.uri: extension.id for extension in sent.extensions if extension.id <= _LARGEST_ID}
        ours = {extension.uri: extension.id for extension in published.extensions}
        level = (ours.get(AUDIO_LEVEL, 0), theirs.get(AUDIO_LEVEL, 0))
        recipe = Recipe(
            payload_types=payload_types,
            redundant=redundant,
            extensions=(level,) if all(level) else (),
            send_time=theirs.get(ABS_SEND_TIME, 0),
        )
        pairs = ((number, retransmission_of(number, sent.codecs)) for _, number in payload_types)
        return cls(recipe, {number: codec.payload_type for number, codec in pairs if codec})

    def following(self, before: Recipe, old: Numbered, new: Numbered) -> Recipe:
        """The recipe after a switch: picture ids of `new` go on where those of `old` ended."""
        return replace(
            self.recipe,
            picture_ids=old.picture_id + before.picture_ids + 1 - new.picture_id & 0x7FFF,
            tl0_indices=old.tl0_index + before.tl0_indices + 1 - new.tl0_index & 0xFF,
        )


def _payload_types(
    published: tuple[RtpCodec, ...], sent: tuple[RtpCodec, ...]
) -> tuple[tuple[tuple[int, int], ...], tuple[int, ...]]:
    pairs: list[tuple[int, int]] = []
    redundant: list[int] = []
    for codec in published:
        if codec.name.lower() == "rtx":
            continue
        found = matching(codec, sent)
        if found is None and codec.name.lower() == "red":
            found = next((other for other in sent if other.name.lower() == "opus"), None)
            redundant += [codec.payload_type] if found else []
        if found:
            pairs.append((codec.payload_type, found.payload_type))
    return tuple(pairs), tuple(redundant)
