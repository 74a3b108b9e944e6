"""Packets of data tracks between clients with real transports, in both ways of signalling."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from roomwright.sfu.embedded.plane.data import Copies, data_track_number, renumbered
from roomwright_proto import livekit as pb
from tests.sfu.embedded.callers import eventually


def frame(handle: int, payload: bytes, sequence: int = 1) -> bytes:
    """One packet that holds a whole frame."""
    head = bytes([0b000_11_000, 0]) + handle.to_bytes(2, "big") + sequence.to_bytes(2, "big")
    return head + bytes(6) + payload


def publish(caller: Any, handle: int, name: str) -> str:
    caller.say(publish_data_track_request=pb.PublishDataTrackRequest(pub_handle=handle, name=name))
    return caller.all("publish_data_track_response")[-1].info.sid


def choose(caller: Any, sid: str, *, subscribe: bool = True) -> None:
    update = pb.UpdateDataSubscriptionUpdate(track_sid=sid, subscribe=subscribe)
    caller.say(update_data_subscription=pb.UpdateDataSubscription(updates=[update]))


async def test_a_packet_reaches_those_who_want_it_under_their_own_number(caller):
    alice, bob, carol, dave = caller(), caller(), caller(), caller()
    for one, identity in ((alice, "alice"), (bob, "bob"), (carol, "carol"), (dave, "dave")):
        await one.join("room", identity)
    mine, others = publish(alice, 700, "mine"), publish(dave, 700, "others")
    choose(bob, others)
    choose(bob, mine)
    choose(carol, mine)
    assert [t.track_sid for t in bob.all("data_track_subscriber_handles")[-1].sub_handles.values()] == [others, mine]
    sent = frame(700, b"opaque \xff\x00")

    def arrived() -> bool:
        alice.send_bytes(sent, "_data_track")  # again and again: the channel may lose it
        return bool(bob.frames and carol.frames)

    await eventually(arrived)
    assert set(bob.frames) == {frame(2, b"opaque \xff\x00")}
    assert set(carol.frames) == {frame(1, b"opaque \xff\x00")}
    assert (alice.frames, dave.frames) == ([], [])


async def test_nothing_arrives_of_what_is_not_published_or_not_wanted_any_more(caller):
    alice, bob = caller(), caller()
    await alice.join("room", "alice")
    await bob.join("room", "bob")
    choose(bob, publish(alice, 1, "a"))
    gone = publish(alice, 2, "b")
    choose(bob, gone)
    alice.say(unpublish_data_track_request=pb.UnpublishDataTrackRequest(pub_handle=2))
    for wrong in (b"", b"\x18", frame(1, b"")[:11], frame(2, b"gone"), frame(3, b"never"), frame(0, b"nobody's")):
        alice.send_bytes(wrong, "_data_track")

    def arrived() -> bool:
        alice.send_bytes(frame(1, b"right"), "_data_track")
        return bool(bob.frames)

    await eventually(arrived)
    assert set(bob.frames) == {frame(1, b"right")}


async def test_the_api_shows_data_tracks(caller, backend):
    alice = caller()
    await alice.join("room", "alice")
    sid = publish(alice, 1, "a")
    (info,) = backend.rooms.get("room").participants["alice"].info().data_tracks
    assert (info.sid, info.name) == (sid, "a")


def test_a_publisher_has_so_many_copies_in_a_second():
    copies = Copies(10, now=0.0)
    assert [copies.take(4, 0.0), copies.take(4, 0.0), copies.take(4, 0.0)] == [True, True, False]
    assert copies.take(4, 0.5)
    assert copies.take(10, 100.0)
    assert not copies.take(1, 100.0)
    assert copies.refused == 2


@given(st.binary(max_size=40), st.integers(1, 65_535))
def test_only_the_number_of_a_packet_changes(packet, number):
    if data_track_number(packet):
        again = renumbered(packet, number)
        assert (data_track_number(again), again[:2] + again[4:]) == (number, packet[:2] + packet[4:])
    else:
        assert len(packet) < 12 or packet[2:4] == b"\0\0"
