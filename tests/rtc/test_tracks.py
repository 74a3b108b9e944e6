"""A track's life, as the others see it: published, muted, layered, encrypted, taken away."""

import asyncio

import pytest
from livekit import api

from tests.rtc.conftest import Invite

FAMILIES = ["python", "python-double", "node", "browser"]
MUTING = ["python", "python-double", "browser"]
"""The Node SDK cannot mute."""

by_all = pytest.mark.parametrize("family", FAMILIES)


@pytest.mark.parametrize("family", MUTING)
async def test_mute_and_unmute(invite: Invite, family: str) -> None:
    alice, bob = await invite(family, "alice"), await invite("python", "bob")
    await alice.do("publish", name="mic", source="microphone", hz=440)
    await bob.hears("alice", "mic", 440)
    await alice.do("mute", name="mic")
    await bob.sees_track("alice", "mic", muted=True)
    await bob.hears_nothing("alice", "mic")
    await alice.do("unmute", name="mic")
    await bob.sees_track("alice", "mic", muted=False)
    await bob.hears("alice", "mic", 440)


@by_all
async def test_the_screen_is_a_source_of_its_own(invite: Invite, family: str) -> None:
    alice, bob = await invite(family, "alice"), await invite("browser", "bob")
    await alice.do("publish", name="cam", source="camera", colour="red")
    await alice.do("publish", name="screen", source="screen_share", colour="blue", width=640, height=360)
    await alice.do("publish", name="sound", source="screen_share_audio", hz=660)
    for name, source in (("cam", "camera"), ("screen", "screen_share"), ("sound", "screen_share_audio")):
        await bob.sees_track("alice", name, source=source, subscribed=True)
    await bob.watches("alice", "cam", colour="red")
    await bob.watches("alice", "screen", colour="blue", width=640, height=360)
    await bob.hears("alice", "sound", 660)


@by_all
async def test_an_unpublished_track_is_gone_and_its_place_is_used_again(invite: Invite, family: str) -> None:
    alice, bob = await invite(family, "alice"), await invite("python", "bob")
    carol = await invite("python-double", "carol")
    for colour in ("red", "blue", "green"):
        await alice.do("publish", name=colour, source="camera", colour=colour)
        await bob.watches("alice", colour, colour=colour)
        await carol.watches("alice", colour, colour=colour)
        await alice.do("unpublish", name=colour)
        await bob.misses_track("alice", colour)
        await carol.misses_track("alice", colour)


@by_all
async def test_who_comes_later_sees_what_is_published(invite: Invite, family: str) -> None:
    alice = await invite("python", "alice")
    await alice.do("publish", name="mic", source="microphone", hz=440)
    await alice.do("publish", name="cam", source="camera", colour="blue")
    bob = await invite(family, "bob")
    await bob.hears("alice", "mic", 440)
    await bob.watches("alice", "cam", colour="blue")


@by_all
async def test_a_subscriber_leaves_a_track_and_comes_back(invite: Invite, family: str) -> None:
    alice, bob = await invite("python", "alice"), await invite(family, "bob")
    await alice.do("publish", name="mic", source="microphone", hz=440)
    await bob.hears("alice", "mic", 440)
    await bob.do("subscribe", identity="alice", name="mic", on=False)
    await bob.event("track_unsubscribed", identity="alice", name="mic")
    await bob.do("subscribe", identity="alice", name="mic", on=True)
    await bob.hears("alice", "mic", 440)


@pytest.mark.parametrize("family", ["python", "python-double", "browser"])
async def test_a_subscriber_chooses_a_layer(invite: Invite, family: str) -> None:
    alice, bob = await invite("python", "alice"), await invite(family, "bob")
    await alice.do("publish", name="cam", source="camera", colour="green", width=1280, height=720, simulcast=True)
    await bob.watches("alice", "cam", colour="green")
    for level, width in (("low", 320), ("high", 1280), ("medium", 640)):
        await bob.do("quality", identity="alice", name="cam", level=level)
        await bob.watches("alice", "cam", width=width, colour="green")


@pytest.mark.parametrize(("one", "other"), [("python", "node"), ("browser", "python-double"), ("node", "browser")])
async def test_encrypted_media_passes_untouched(invite: Invite, one: str, other: str) -> None:
    alice = await invite(one, "alice", passphrase="between us")
    bob = await invite(other, "bob", passphrase="between us")
    eve = await invite("python-double", "eve", passphrase="a guess")
    await alice.do("publish", name="mic", source="microphone", hz=440)
    await alice.do("publish", name="cam", source="camera", colour="green")
    await bob.hears("alice", "mic", 440)
    await bob.watches("alice", "cam", colour="green")
    await bob.sees_track("alice", "cam", encrypted=True)
    await eve.sees_track("alice", "mic", subscribed=True)
    await asyncio.sleep(1)
    await eve.hears_nothing("alice", "mic")


@pytest.mark.parametrize("codec", ["vp9", "h264", "av1"])
async def test_other_codecs_pass(invite: Invite, codec: str) -> None:
    alice = await invite("python", "alice")
    bob, carol = await invite("browser", "bob"), await invite("python-double", "carol")
    await alice.do("publish", name="cam", source="camera", colour="blue", codec=codec)
    await bob.watches("alice", "cam", colour="blue", width=320, height=180)
    await carol.watches("alice", "cam", colour="blue", width=320, height=180)


@pytest.mark.parametrize("codec", ["vp9", "av1"])
async def test_a_browser_sends_the_codec_that_it_asked_for(
    invite: Invite, livekit: api.LiveKitAPI, room: str, codec: str
) -> None:
    alice, bob = await invite("browser", "alice"), await invite("python", "bob")
    await alice.do("publish", name="cam", source="camera", colour="blue", codec=codec)
    await bob.watches("alice", "cam", colour="blue", width=320, height=180)
    tracks = (await livekit.room.get_participant(api.RoomParticipantIdentity(room=room, identity="alice"))).tracks
    assert [track.mime_type.lower() for track in tracks] == [f"video/{codec}"]


async def test_a_speaker_is_announced(invite: Invite) -> None:
    alice, bob = await invite("python", "alice"), await invite("browser", "bob")
    await alice.do("publish", name="mic", source="microphone", hz=440)
    await bob.event("speakers", identities=["alice"])
    await alice.do("mute", name="mic")
    await bob.event("speakers", identities=[])
