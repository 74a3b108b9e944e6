"""Copies: equal, independent, and complete."""

from types import SimpleNamespace

from roomwright import codec
from roomwright_proto import livekit as pb


def test_a_copy_is_equal_and_shares_nothing_that_can_change():
    original = pb.ParticipantInfo(
        identity="alice", attributes={"a": "1"}, tracks=[pb.TrackInfo(sid="TR_1", layers=[pb.VideoLayer(width=5)])]
    )
    duplicate = codec.copy(original)
    assert duplicate == original
    duplicate.attributes["b"] = "2"
    duplicate.tracks[0].layers[0].width = 6
    duplicate.tracks.append(pb.TrackInfo())
    assert original.attributes == {"a": "1"}
    assert original.tracks == [pb.TrackInfo(sid="TR_1", layers=[pb.VideoLayer(width=5)])]


def test_unknown_fields_and_presence_are_copied_on_every_level():
    data = b"\x6a\x03\xf8\x3f\x07\xf8\x3f\x05"
    duplicate = codec.copy(codec.decode(pb.Room, data))
    assert codec.encode(duplicate) == data
    assert codec.copy(pb.Room()).version is None


def test_messages_in_maps_and_oneofs_are_copied(wellknown: SimpleNamespace):
    nested = type(wellknown.codec.decode(wellknown.All, b"\x82\x07\x02\x08\x05").oneof_nested_message)
    original = wellknown.All(map_string_nested_message={"a": nested(a=1)}, oneof_nested_message=nested(a=2))
    duplicate = wellknown.codec.copy(original)
    assert duplicate == original
    duplicate.map_string_nested_message["a"].a = 5
    duplicate.oneof_nested_message.a = 5
    assert original.map_string_nested_message["a"].a == 1
    assert original.oneof_nested_message.a == 2
