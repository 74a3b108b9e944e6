"""Lists that many messages share are encoded once, and as any other list."""

import pytest

from roomwright import codec
from roomwright.codec import Shared
from roomwright_proto import livekit as pb

CODECS = [pb.Codec(mime="audio/opus"), pb.Codec(mime="video/VP8", fmtp_line="x=1"), pb.Codec()]


@pytest.mark.parametrize("codecs", [CODECS, CODECS[:1], []])
@pytest.mark.parametrize("message", [pb.Room, pb.JoinResponse, pb.ListRoomsResponse])
def test_a_shared_list_is_encoded_as_any_other(codecs, message) -> None:
    def holding(items):
        room = pb.Room(sid="RM_1", enabled_codecs=items, num_participants=3)
        holders = {
            pb.Room: room,
            pb.JoinResponse: pb.JoinResponse(room=room, enabled_publish_codecs=items),
            pb.ListRoomsResponse: pb.ListRoomsResponse(rooms=[room, room]),
        }
        return holders[message]

    shared = holding(Shared(codecs))
    plain = holding(list(codecs))
    for _ in range(2):
        assert codec.encode(shared) == codec.encode(plain)
    assert codec.to_twirp_json(shared) == codec.to_twirp_json(plain)
    assert codec.to_json(shared) == codec.to_json(plain)
    assert shared == plain


def test_a_copy_of_a_shared_list_may_be_changed() -> None:
    room = pb.Room(enabled_codecs=Shared(CODECS))
    copied = codec.copy(room)
    copied.enabled_codecs.append(pb.Codec(mime="audio/PCMU"))
    assert len(room.enabled_codecs) == 3
    assert len(codec.decode(pb.Room, codec.encode(copied)).enabled_codecs) == 4


@pytest.mark.parametrize(
    "change",
    [
        lambda items: items.append(pb.Codec()),
        lambda items: items.pop(),
        lambda items: items.clear(),
        lambda items: items.__setitem__(0, pb.Codec()),
        lambda items: items.__iadd__([pb.Codec()]),
    ],
)
def test_a_shared_list_refuses_to_be_changed(change) -> None:
    items = Shared(CODECS)
    with pytest.raises(TypeError, match="shared"):
        change(items)
    assert items == CODECS


def test_what_cannot_be_encoded_is_refused_in_a_shared_list_too() -> None:
    with pytest.raises(codec.CodecError):
        codec.encode(pb.Room(enabled_codecs=Shared([pb.Room()])))
