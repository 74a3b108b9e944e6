"""Publishing, muting, unpublishing."""

import pytest

from roomwright.config import LimitSettings, RoomSettings
from roomwright.errors import Code, ServiceError
from roomwright.rooms import commands as c
from roomwright_proto import livekit as pb

TRACKS, ANNOUNCEMENT_SIZE = LimitSettings().max_tracks, LimitSettings().max_track_announcement

CAMERA, MICROPHONE = pb.TrackSource.CAMERA, pb.TrackSource.MICROPHONE


def test_an_announced_track_is_known_to_its_publisher_only(engine):
    alice, bob = engine.join("alice"), engine.join("bob")
    engine.forget()
    request = pb.AddTrackRequest(cid="c1", name="n", type=pb.TrackType.VIDEO, source=CAMERA, width=1, height=2)
    assert engine.say(alice, c.AddTrack(request)) == []
    (published,) = engine.mail(alice, "track_published")
    assert published.cid == "c1"
    track = published.track
    assert (track.name, track.type, track.source, track.width, track.height) == ("n", pb.TrackType.VIDEO, CAMERA, 1, 2)
    assert track.sid.startswith("TR_")
    assert track.version == pb.TimedVersion(unix_micro=1_750_000_000_000_000)
    assert engine.inbox.get(bob) is None
    assert alice.info().tracks == []
    assert alice.info().is_publisher is False


def test_announcing_the_same_track_again_gives_the_same_answer(engine):
    alice = engine.join("alice")
    for _ in range(2):
        engine.say(alice, c.AddTrack(pb.AddTrackRequest(cid="c1")))
    first, second = engine.mail(alice, "track_published")
    assert first.track.sid == second.track.sid


def test_one_more_codec_of_a_track_is_no_track_of_its_own(engine):
    alice = engine.join("alice")
    engine.say(alice, c.AddTrack(pb.AddTrackRequest(cid="c1", type=pb.TrackType.VIDEO)))
    sid = engine.mail(alice, "track_published")[0].track.sid
    engine.say(alice, c.StartTrack(track_sid=sid, mime_type="video/VP9", mid="0"))
    engine.forget()
    engine.say(alice, c.AddTrack(pb.AddTrackRequest(cid="backup", sid=sid, type=pb.TrackType.VIDEO)))
    [published] = engine.mail(alice, "track_published")
    assert (published.cid, published.track.sid) == ("backup", sid)
    assert (list(alice.tracks), alice.pending) == ([sid], {})


def test_of_the_codecs_for_one_medium_the_first_is_wished(engine):
    alice = engine.join("alice")
    codecs = [
        pb.SimulcastCodec(codec="vp9", cid="c"),
        pb.SimulcastCodec(codec="vp8"),
        pb.SimulcastCodec(codec="h264", cid="d"),
    ]
    engine.say(alice, c.AddTrack(pb.AddTrackRequest(cid="c", simulcast_codecs=codecs)))
    [track] = alice.pending.values()
    assert track.wishes == {"c": "vp9", "d": "h264"}


def test_what_the_announcement_says_of_layers_and_features_is_kept(engine):
    alice = engine.join("alice")
    request = pb.AddTrackRequest(cid="c", stream="camera", audio_features=[pb.AudioTrackFeature.TF_STEREO])
    request.layers = [pb.VideoLayer(width=1), pb.VideoLayer(width=2)]
    request.stereo = request.disable_dtx = True
    engine.say(alice, c.AddTrack(request))
    info = engine.mail(alice, "track_published")[0].track
    assert (info.simulcast, info.stereo, info.disable_dtx, info.stream) == (True, True, True, "camera")
    assert info.layers == request.layers
    assert info.audio_features == request.audio_features


@pytest.mark.parametrize(
    ("kind", "said", "policy"),
    [("AUDIO", 0, "SIMULCAST"), ("VIDEO", 0, "PREFER_REGRESSION"), ("AUDIO", 2, "REGRESSION")],
)
def test_audio_has_no_codec_to_fall_back_on_unless_the_client_says_so(engine, kind, said, policy):
    alice = engine.join("alice")
    request = pb.AddTrackRequest(cid="c", type=pb.TrackType[kind], backup_codec_policy=pb.BackupCodecPolicy(said))
    engine.say(alice, c.AddTrack(request))
    assert engine.mail(alice, "track_published")[0].track.backup_codec_policy is pb.BackupCodecPolicy[policy]


def test_a_track_that_is_started_again_is_sent_differently(engine):
    alice, bob = engine.join("alice"), engine.join("bob")
    sid = engine.publish(alice)
    engine.forget()
    layers = [pb.VideoLayer(width=1, ssrc=5)]
    again = c.StartTrack(track_sid=sid, mime_type="video/VP9", codecs=(pb.SimulcastCodecInfo(layers=layers),))
    assert engine.say(alice, again) == []
    shown = engine.mail(bob, "update")[-1].participants[0].tracks[0]
    assert (shown.mime_type, shown.layers) == ("video/VP9", layers)
    engine.forget()
    assert engine.say(alice, again) == []
    assert engine.mail(bob, "update") == []


def test_a_started_track_is_published(engine):
    alice, bob = engine.join("alice"), engine.join("bob")
    engine.forget()
    sid = engine.publish(alice)
    published, subscribed = engine.happened
    assert type(published).__name__ == "TrackPublished"
    assert (published.track.sid, published.track.mime_type) == (sid, "audio/opus")
    assert (published.participant.identity, published.participant.tracks) == ("alice", [published.track])
    assert published.room.num_publishers == 1
    assert subscribed.subscriber == "bob"
    assert engine.mail(bob, "update")[-1].participants[0].tracks[0].sid == sid
    assert alice.info().is_publisher is True


def test_starting_what_was_not_announced_means_nothing(engine):
    alice = engine.join("alice")
    assert engine.say(alice, c.StartTrack(track_sid="TR_nope")) == []


@pytest.mark.parametrize(
    ("grant", "source"),
    [({"can_publish": False}, CAMERA), ({"can_publish_sources": ("camera",)}, MICROPHONE)],
)
def test_without_permission_nothing_is_published_and_the_client_hears_why(engine, grant, source):
    alice = engine.join("alice", **grant)
    assert engine.publish(alice, source=source) == ""
    assert engine.mail(alice, "track_published") == []
    (refusal,) = engine.mail(alice, "request_response")
    assert refusal.reason is pb.RequestResponseReason.NOT_ALLOWED
    assert refusal.add_track.source is source


def test_an_unpublished_track_is_gone_for_everybody(engine):
    alice, bob = engine.join("alice"), engine.join("bob")
    sid = engine.publish(alice)
    engine.forget()
    engine.say(alice, c.UnpublishTrack(sid))
    assert [type(event).__name__ for event in engine.happened] == ["TrackUnsubscribed", "TrackUnpublished"]
    assert engine.mail(bob, "update")[-1].participants[0].tracks == []
    assert alice.info().is_publisher is True


def test_tracks_end_in_their_order_before_their_publisher_leaves(engine):
    alice = engine.join("alice")
    sids = [engine.publish(alice, name) for name in ("a", "b")]
    engine.forget()
    engine.say(alice, c.Leave())
    assert [event.track.sid for event in engine.happened[:2]] == sids
    assert type(engine.happened[2]).__name__ == "ParticipantLeft"


class TestMutingByTheClient:
    def test_is_told_to_everybody(self, engine):
        alice, bob = engine.join("alice"), engine.join("bob")
        sid = engine.publish(alice)
        (muted,) = engine.say(alice, c.MuteTrack(sid, muted=True))
        assert (type(muted).__name__, muted.track.muted) == ("TrackMuted", True)
        assert engine.mail(bob, "update")[-1].participants[0].tracks[0].muted is True
        (unmuted,) = engine.say(alice, c.MuteTrack(sid, muted=False))
        assert type(unmuted).__name__ == "TrackUnmuted"

    def test_twice_happens_once(self, engine):
        alice = engine.join("alice")
        sid = engine.publish(alice)
        assert engine.say(alice, c.MuteTrack(sid, muted=True))
        assert engine.say(alice, c.MuteTrack(sid, muted=True)) == []

    def test_of_an_announced_track_shows_when_it_starts(self, engine):
        alice = engine.join("alice")
        engine.say(alice, c.AddTrack(pb.AddTrackRequest(cid="c")))
        (sid,) = alice.pending
        assert engine.say(alice, c.MuteTrack(sid, muted=True)) == []
        engine.say(alice, c.StartTrack(track_sid=sid))
        assert alice.info().tracks[0].muted is True

    def test_of_an_unknown_track_is_answered_not_found(self, engine):
        alice, bob = engine.join("alice"), engine.join("bob")
        for sid in ("TR_nope", engine.publish(bob)):
            engine.say(alice, c.MuteTrack(sid, muted=True))
            answer = engine.mail(alice, "request_response")[-1]
            assert answer.reason is pb.RequestResponseReason.NOT_FOUND
            assert answer.mute == pb.MuteTrackRequest(sid=sid, muted=True)


class TestMutingByTheApi:
    def mute(self, engine, identity, sid, muted=True):
        request = pb.MuteRoomTrackRequest(room="room", identity=identity, track_sid=sid, muted=muted)
        return engine.call(engine.api.mute_published_track, request).track

    def test_tells_the_client_to_mute_and_the_others_that_it_did(self, engine):
        alice, bob = engine.join("alice"), engine.join("bob")
        sid = engine.publish(alice)
        track = self.mute(engine, "alice", sid)
        assert (track.sid, track.muted) == (sid, True)
        assert engine.mail(alice, "mute") == [pb.MuteTrackRequest(sid=sid, muted=True)]
        assert engine.mail(bob, "update")[-1].participants[0].tracks == [track]
        assert engine.names()[-1] == "TrackMuted"

    def test_again_tells_the_client_again_but_is_no_event(self, engine):
        alice = engine.join("alice")
        sid = engine.publish(alice)
        self.mute(engine, "alice", sid)
        engine.forget()
        assert self.mute(engine, "alice", sid).muted is True
        assert len(engine.mail(alice, "mute")) == 1
        assert engine.happened == []

    def test_of_a_track_that_is_not_the_participants_answers_nothing(self, engine):
        sid = engine.publish(engine.join("alice"))
        engine.join("bob")
        for wrong in ("TR_x", "", sid):
            assert self.mute(engine, "bob", wrong) is None

    def test_unmuting_is_refused_before_the_track_is_looked_up(self, engine):
        engine.join("alice")
        with pytest.raises(ServiceError, match="remote unmute") as refused:
            self.mute(engine, "alice", "TR_x", muted=False)
        assert refused.value.code is Code.FAILED_PRECONDITION

    def test_unmuting_works_where_it_is_enabled(self, make_engine):
        engine = make_engine(RoomSettings(enable_remote_unmute=True))
        alice = engine.join("alice")
        sid = engine.publish(alice)
        self.mute(engine, "alice", sid)
        assert self.mute(engine, "alice", sid, muted=False).muted is False
        assert self.mute(engine, "alice", sid, muted=False).muted is False
        assert engine.names()[-1] == "TrackUnmuted"

    def test_each_change_has_a_later_version(self, engine):
        alice = engine.join("alice")
        sid = engine.publish(alice)
        before = alice.tracks[sid].info.version
        after = self.mute(engine, "alice", sid).version
        assert (after.unix_micro, after.ticks) > (before.unix_micro, before.ticks)
        engine.clock.advance(1)
        engine.say(alice, c.MuteTrack(sid, muted=False))
        assert alice.tracks[sid].info.version.unix_micro == after.unix_micro + 1_000_000


def test_repr_shows_the_state(engine):
    alice, _ = engine.join("alice"), engine.join("bob")
    sid = engine.publish(alice)
    assert repr(alice) == "<Participant alice: ACTIVE, 1 tracks>"
    assert repr(alice.tracks[sid]) == f"<Track {sid} 'mic': AUDIO, 1 subscribers>"


class TestDescribing:
    def test_a_video_changes_its_size_for_everybody(self, engine):
        alice, bob = engine.join("alice"), engine.join("bob")
        sid = engine.publish(alice, "cam", pb.TrackSource.CAMERA)
        engine.forget()
        request = pb.UpdateLocalVideoTrack(track_sid=sid, width=640, height=360)
        engine.say(alice, c.DescribeTrack(request))
        (track,) = engine.mail(bob, "update")[0].participants[0].tracks
        assert (track.width, track.height) == (640, 360)
        engine.forget()
        engine.say(alice, c.DescribeTrack(request))
        assert engine.mail_kinds(bob) == []

    def test_an_audio_changes_its_features_and_what_older_clients_read(self, engine):
        alice = engine.join("alice")
        sid = engine.publish(alice)
        features = [pb.AudioTrackFeature.TF_STEREO, pb.AudioTrackFeature.TF_NO_DTX]
        engine.say(alice, c.DescribeTrack(pb.UpdateLocalAudioTrack(track_sid=sid, features=features)))
        info = alice.tracks[sid].info
        assert (info.audio_features, info.stereo, info.disable_dtx) == (features, True, True)

    def test_before_media_arrives_nobody_is_told(self, engine):
        alice, bob = engine.join("alice"), engine.join("bob")
        engine.say(alice, c.AddTrack(pb.AddTrackRequest(cid="mic", source=pb.TrackSource.MICROPHONE)))
        (sid,) = alice.pending
        engine.forget()
        request = pb.UpdateLocalAudioTrack(track_sid=sid, features=[pb.AudioTrackFeature.TF_STEREO])
        engine.say(alice, c.DescribeTrack(request))
        assert alice.pending[sid].info.stereo
        assert engine.mail_kinds(bob) == []

    @pytest.mark.parametrize(
        ("name", "request_"),
        [
            ("update_audio_track", pb.UpdateLocalAudioTrack(track_sid="TR_x")),
            ("update_video_track", pb.UpdateLocalVideoTrack(track_sid="TR_x")),
        ],
    )
    def test_an_unknown_track_is_answered_not_found(self, engine, name, request_):
        alice = engine.join("alice")
        engine.say(alice, c.DescribeTrack(request_))
        (answer,) = engine.mail(alice, "request_response")
        assert answer.reason is pb.RequestResponseReason.NOT_FOUND
        assert getattr(answer, name) == request_


class TestAnnouncingTooMuch:
    def test_a_participant_has_so_many_tracks(self, engine):
        alice = engine.join("alice")
        for number in range(TRACKS + 1):
            engine.say(alice, c.AddTrack(pb.AddTrackRequest(cid=f"c{number}")))
        assert len(alice.pending) == TRACKS
        (answer,) = engine.mail(alice, "request_response")
        assert (answer.reason.name, answer.add_track.cid) == ("LIMIT_EXCEEDED", f"c{TRACKS}")
        engine.say(alice, c.AddTrack(pb.AddTrackRequest(cid="c0")))
        assert len(engine.mail(alice, "track_published")) == TRACKS + 1

    def test_an_announcement_has_so_many_bytes_and_is_not_repeated(self, engine):
        alice = engine.join("alice")
        engine.say(alice, c.AddTrack(pb.AddTrackRequest(cid="c", name="n" * ANNOUNCEMENT_SIZE)))
        (answer,) = engine.mail(alice, "request_response")
        assert (answer.reason.name, answer.add_track) == ("LIMIT_EXCEEDED", None)
        assert alice.pending == {}
