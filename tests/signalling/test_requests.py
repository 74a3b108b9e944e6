"""What is done about each kind of request."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomwright import codec
from roomwright.auth.claims import Claims, VideoGrant
from roomwright.clock import CountedIds, ManualClock
from roomwright.config import LimitSettings, RoomSettings
from roomwright.rooms import commands as c
from roomwright.rooms.commands import SendPacket
from roomwright.rooms.registry import Rooms
from roomwright.signalling.outputs import Tell, ToMedia
from roomwright.signalling.requests import REQUESTS
from roomwright.signalling.session import SessionState
from roomwright.signalling.wish import Wish
from roomwright_proto import livekit as pb
from tests.signalling.talk import HOST, Talk

Reason = pb.RequestResponseReason
KINDS = {field.name for field in dataclasses.fields(pb.SignalRequest) if field.name != "_unknown_fields"}

CONTENTS = {
    "offer": pb.SessionDescription(type="offer", sdp="v=0"),
    "answer": pb.SessionDescription(type="answer", sdp="v=0"),
    "trickle": pb.TrickleRequest(candidate_init="{}"),
    "add_track": pb.AddTrackRequest(cid="c", source=pb.TrackSource.MICROPHONE),
    "mute": pb.MuteTrackRequest(sid="TR_x", muted=True),
    "subscription": pb.UpdateSubscription(track_sids=["TR_x"], subscribe=True),
    "track_setting": pb.UpdateTrackSettings(track_sids=["TR_x"]),
    "leave": pb.LeaveRequest(),
    "subscription_permission": pb.SubscriptionPermission(all_participants=True),
    "sync_state": pb.SyncState(),
    "simulate": pb.SimulateScenario(node_failure=True),
    "ping": 1,
    "update_metadata": pb.UpdateParticipantMetadata(name="n", request_id=7),
    "ping_req": pb.Ping(timestamp=5),
    "update_audio_track": pb.UpdateLocalAudioTrack(track_sid="TR_x"),
    "update_video_track": pb.UpdateLocalVideoTrack(track_sid="TR_x"),
    "publish_data_track_request": pb.PublishDataTrackRequest(pub_handle=1, name="d"),
    "unpublish_data_track_request": pb.UnpublishDataTrackRequest(pub_handle=1),
    "update_data_subscription": pb.UpdateDataSubscription(),
    "store_data_blob_request": pb.StoreDataBlobRequest(request_id=3),
    "get_data_blob_request": pb.GetDataBlobRequest(request_id=4),
}


def test_the_table_is_the_schemas():
    assert set(REQUESTS) == KINDS


@pytest.mark.parametrize("state", SessionState)
@pytest.mark.parametrize("kind", sorted(CONTENTS))
def test_every_state_meets_every_request(join, state, kind):
    """An open session deals with each; otherwise there is no socket that it could come from, and it is ignored."""
    alice = join()
    if state is SessionState.CUT:
        alice.activate()
        alice.do(alice.session.cut(alice.now, clean=False))
    elif state is SessionState.OVER:
        alice.ask(leave=pb.LeaveRequest())
    alice.forget()
    outputs = alice.ask(**{kind: CONTENTS[kind]})
    if state is not SessionState.OPEN:
        assert outputs == alice.outputs == []
    assert alice.session.state is (SessionState.OVER if kind == "leave" and state is SessionState.OPEN else state)


@pytest.mark.parametrize("kind", ["offer", "answer", "trickle", "track_setting", "sync_state"])
def test_what_is_the_medias_is_passed_on(join, kind):
    alice = join()
    alice.ask(**{kind: CONTENTS[kind]})
    assert alice.media() == [(kind, CONTENTS[kind])]


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        ("add_track", c.AddTrack(CONTENTS["add_track"])),
        ("mute", c.MuteTrack("TR_x", muted=True)),
        ("update_audio_track", c.DescribeTrack(CONTENTS["update_audio_track"])),
        ("update_video_track", c.DescribeTrack(CONTENTS["update_video_track"])),
        ("update_metadata", c.UpdateSelf(CONTENTS["update_metadata"])),
        ("subscription", c.SetSubscriptions(("TR_x",), subscribe=True)),
        ("subscription_permission", c.SetSubscriptionPermission(CONTENTS["subscription_permission"])),
        ("leave", c.Leave()),
    ],
)
def test_what_is_the_engines_is_told_to_it(join, kind, command):
    assert join().ask(**{kind: CONTENTS[kind]}) == [Tell(command)]


def test_pings_are_answered_with_the_time(join, clock):
    alice = join()
    alice.ask(ping=99)
    alice.ask(ping_req=pb.Ping(timestamp=12345, rtt=7))
    milliseconds = clock.now_ns() // 1_000_000
    assert alice.said("pong") == [milliseconds]
    assert alice.said("pong_resp") == [pb.Pong(last_ping_timestamp=12345, timestamp=milliseconds)]


def test_subscriptions_grouped_by_publisher_count_as_well(join):
    groups = [pb.ParticipantTracks(participant_sid="PA_1", track_sids=["TR_b", "TR_c"])]
    outputs = join().ask(subscription=pb.UpdateSubscription(track_sids=["TR_a"], participant_tracks=groups))
    assert outputs == [Tell(c.SetSubscriptions(("TR_a", "TR_b", "TR_c"), subscribe=False))]


def test_an_update_of_no_subscription_is_nothing(join):
    assert join().ask(subscription=pb.UpdateSubscription(subscribe=True)) == []


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("CLIENT_INITIATED",) * 2,
        ("USER_REJECTED",) * 2,
        ("UNKNOWN_REASON", "CLIENT_INITIATED"),
        ("ROOM_DELETED", "CLIENT_INITIATED"),
    ],
)
def test_a_leave_is_echoed_and_ends_everything(join, given, taken):
    alice = join()
    alice.forget()
    alice.ask(leave=pb.LeaveRequest(reason=pb.DisconnectReason[given]))
    assert alice.said("leave") == [pb.LeaveRequest(reason=pb.DisconnectReason[taken])]
    assert alice.others() == ["Tell", "HangUp", "Over"]
    assert alice.participant.info().disconnect_reason is pb.DisconnectReason[taken]


def test_muting_an_unknown_track_is_not_found(join):
    alice = join()
    alice.ask(mute=CONTENTS["mute"])
    (answer,) = alice.said("request_response")
    assert (answer.reason, answer.mute) == (Reason.NOT_FOUND, CONTENTS["mute"])


def test_updating_oneself_without_permission_is_refused_with_the_request(join):
    alice = join()
    alice.ask(update_metadata=CONTENTS["update_metadata"])
    (answer,) = alice.said("request_response")
    assert (answer.request_id, answer.reason) == (7, Reason.NOT_ALLOWED)
    assert answer.message == "does not have permission to update own metadata"
    assert answer.update_metadata == CONTENTS["update_metadata"]


def test_updating_oneself_is_confirmed_and_brings_a_new_token(join):
    alice = join(can_update_own_metadata=True)
    alice.forget()
    alice.ask(update_metadata=CONTENTS["update_metadata"])
    assert alice.said("request_response")[0].reason is Reason.OK
    assert alice.said("update")[0].participants[0].name == "n"
    assert alice.said("refresh_token") == ["token of alice"]


def test_too_much_metadata_exceeds_the_limit(join):
    alice = join(can_update_own_metadata=True)
    alice.ask(update_metadata=pb.UpdateParticipantMetadata(metadata="m" * 524_289, request_id=8))
    assert alice.said("request_response")[0].reason is Reason.LIMIT_EXCEEDED


def test_an_announced_track_is_told_to_client_and_media(join):
    alice = join()
    alice.ask(add_track=CONTENTS["add_track"])
    (published,) = alice.said("track_published")
    assert (published.cid, published.track.source) == ("c", pb.TrackSource.MICROPHONE)
    assert [codec.cid for codec in published.track.codecs] == ["c"]
    assert alice.media() == [("announced", published)]


def test_a_track_that_is_not_allowed_is_refused(join):
    alice = join(can_publish=False)
    alice.ask(add_track=CONTENTS["add_track"])
    assert alice.said("track_published") == []
    assert alice.said("request_response")[0].reason is Reason.NOT_ALLOWED


@pytest.mark.parametrize(
    "kind",
    ["simulate", "store_data_blob_request", "get_data_blob_request"],
)
def test_what_is_not_done_here_is_refused_by_name(join, kind):
    alice = join()
    alice.ask(**{kind: CONTENTS[kind]})
    (answer,) = alice.said("request_response")
    assert (answer.reason, "not supported" in answer.message) == (Reason.UNSUPPORTED_TYPE, True)
    assert answer.request_id == getattr(CONTENTS[kind], "request_id", 0)


def test_a_data_track_is_published_and_taken_back(join):
    alice = join()
    alice.ask(publish_data_track_request=CONTENTS["publish_data_track_request"])
    (published,) = alice.said("publish_data_track_response")
    alice.ask(unpublish_data_track_request=CONTENTS["unpublish_data_track_request"])
    assert alice.said("unpublish_data_track_response")[0].info == published.info


def test_layers_that_a_client_says_it_shows_are_passed_over(join):
    alice = join()
    alice.forget()
    with pytest.warns(DeprecationWarning, match="UpdateVideoLayers"):
        request = pb.UpdateVideoLayers(track_sid="TR_x")
    assert REQUESTS["update_layers"](request, alice.participant, alice.now) == []


def test_after_a_resume_data_tracks_count_and_what_is_gone_is_named(join):
    alice = join()
    alice.ask(publish_data_track_request=CONTENTS["publish_data_track_request"])
    known = alice.said("publish_data_track_response")[0]
    gone = pb.PublishDataTrackResponse(info=pb.DataTrackInfo(pub_handle=9, sid="DTR_gone"))
    wanted = pb.UpdateDataSubscriptionUpdate(track_sid="DTR_1", subscribe=True)
    state = pb.SyncState(
        publish_data_tracks=[known, gone, pb.PublishDataTrackResponse()],
        data_subscription=pb.UpdateDataSubscription(updates=[wanted]),
    )
    alice.forget()
    alice.ask(sync_state=state)
    assert Tell(c.SetDataSubscriptions((wanted,))) in alice.outputs
    assert alice.said("unpublish_data_track_response") == [pb.UnpublishDataTrackResponse(info=gone.info)]


def test_after_a_resume_choices_count_and_what_is_gone_is_named(join):
    alice = join()
    alice.ask(add_track=CONTENTS["add_track"])
    known = alice.said("track_published")[0]
    gone = pb.TrackPublishedResponse(cid="x", track=pb.TrackInfo(sid="TR_gone"))
    state = pb.SyncState(
        subscription=pb.UpdateSubscription(track_sids=["TR_1"]),
        track_sids_disabled=["TR_2"],
        publish_tracks=[known, gone, pb.TrackPublishedResponse()],
    )
    alice.forget()
    alice.ask(sync_state=state)
    assert Tell(c.SetSubscriptions(("TR_1",), subscribe=False)) in alice.outputs
    assert alice.said("track_unpublished") == [pb.TrackUnpublishedResponse(track_sid="TR_gone")]
    held = pb.UpdateTrackSettings(track_sids=["TR_2"], disabled=True)
    assert alice.media() == [("track_setting", held), ("sync_state", state)]


def test_a_request_that_nobody_knows_is_ignored(join):
    alice = join()
    assert alice.session.receive(b"\xfa\x3e\x02hi", alice.now) == []


def lone_talk() -> Talk:
    claims = Claims(identity="alice", video=VideoGrant(room_join=True, room="room", can_update_own_metadata=True))
    return Talk(Rooms(RoomSettings(), LimitSettings(), CountedIds()), ManualClock(), Wish(claims=claims), HOST)


def damaged(frame: bytes) -> st.SearchStrategy[bytes]:
    """A frame with some of its bytes replaced, cut out or put in."""
    wound = st.tuples(st.integers(0, len(frame)), st.integers(0, 4), st.binary(max_size=4))
    return wound.map(lambda where: frame[: where[0]] + where[2] + frame[where[0] + where[1] :])


FRAMES = [codec.encode(pb.SignalRequest(**{kind: content})) for kind, content in CONTENTS.items()]


@settings(deadline=None)
@given(frames=st.lists(st.binary(max_size=40) | st.sampled_from(FRAMES).flatmap(damaged), max_size=8))
def test_no_frames_break_a_session(frames):
    talk = lone_talk()
    for frame in frames:
        talk.do(talk.session.receive(frame, talk.now))
    assert talk.participant.present == (talk.session.state is SessionState.OPEN)
    assert not any(isinstance(output, Tell) and isinstance(output.command, SendPacket) for output in talk.outputs)
    assert all(output.topic for output in talk.outputs if isinstance(output, ToMedia))
