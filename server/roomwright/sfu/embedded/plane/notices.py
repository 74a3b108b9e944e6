"""What clients are told of media: who speaks, how good connections are, which layers of their tracks are wanted."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from roomwright.media.forward.events import QualityChanged, Speaker, SpeakersChanged
from roomwright.media.forward.settings import Quality
from roomwright.media.forward.up import UpTrack
from roomwright_proto import livekit as pb

if TYPE_CHECKING:
    from roomwright.sfu.embedded.plane.client import ClientMedia

_LAYERS = (Quality.LOW, Quality.MEDIUM, Quality.HIGH)


class Notices:
    """Passes on what forwarding reports, and remembers it for those who come later. `clients` are by sid."""

    def __init__(self, clients: Mapping[str, "ClientMedia"]) -> None:
        self._clients = clients
        self._speaking: dict[str, Speaker] = {}
        self._qualities: dict[str, pb.ConnectionQualityInfo] = {}
        self._early: dict[str, QualityChanged] = {}

    def welcome(self, newcomer: "ClientMedia") -> None:
        """Somebody became active: tell it how things are."""
        others = [p for p in newcomer.peer.participant.room.participants.values() if not p.permission.hidden]
        speaking = [self._speaking[other.sid] for other in others if other.sid in self._speaking]
        qualities = [self._qualities[other.sid] for other in others if other.sid in self._qualities]
        if speaking:
            newcomer.peer.signal(_speakers(speaking))
        if qualities:
            newcomer.peer.signal(_connections(qualities))
        if early := self._early.pop(newcomer.peer.participant.sid, None):
            self.on_quality(early)

    def on_speakers(self, event: SpeakersChanged) -> None:
        """Somebody began or ceased to speak."""
        for speaker in event.changed:
            if speaker.active:
                self._speaking[speaker.participant_sid] = speaker
            else:
                self._speaking.pop(speaker.participant_sid, None)
        heard = [speaker for speaker in event.changed if self._is_seen(speaker.participant_sid)]
        if heard:
            self._broadcast(self._clients[heard[0].participant_sid], _speakers(heard))
        for speaker in heard:
            self._tell_elsewhere(
                speaker.participant_sid, lambda sid, s=speaker: _speakers([replace(s, participant_sid=sid)])
            )

    def on_quality(self, event: QualityChanged) -> None:
        """A connection got better or worse. Who is hidden hears of its own connection, nobody else does.

        Of a connection that is measured before it is up, everybody hears when it is.
        """
        media = self._clients.get(event.participant_sid)
        if media is None:
            return
        if not media.peer.participant.active:
            self._early[event.participant_sid] = event
            return
        quality = pb.ConnectionQuality[event.quality.name]
        info = pb.ConnectionQualityInfo(participant_sid=event.participant_sid, quality=quality, score=event.score)
        self._qualities[event.participant_sid] = info
        self._tell_quality(media, info)
        if self._is_seen(event.participant_sid):
            self._tell_elsewhere(
                event.participant_sid,
                lambda sid: _connections(
                    [pb.ConnectionQualityInfo(participant_sid=sid, quality=quality, score=event.score)]
                ),
            )

    def on_silence(self, media: "ClientMedia") -> None:
        """Nothing is heard of a client at the moment."""
        lost = pb.ConnectionQuality.LOST
        self._tell_quality(media, pb.ConnectionQualityInfo(participant_sid=media.peer.participant.sid, quality=lost))

    def on_return(self, media: "ClientMedia") -> None:
        """A client is heard again."""
        info = self._qualities.get(media.peer.participant.sid)
        if info is not None:
            self._tell_quality(media, info)

    def forget(self, participant_sid: str) -> None:
        """Somebody is gone."""
        self._speaking.pop(participant_sid, None)
        self._qualities.pop(participant_sid, None)
        self._early.pop(participant_sid, None)

    def _tell_quality(self, media: "ClientMedia", info: pb.ConnectionQualityInfo) -> None:
        message = _connections([info])
        if self._is_seen(info.participant_sid):
            self._broadcast(media, message)
        else:
            media.peer.signal(message)

    def _tell_elsewhere(self, participant_sid: str, message: Callable[[str], pb.SignalResponse]) -> None:
        """Tell those who receive from a participant under another sid, because it is forwarded to their room."""
        media = self._clients[participant_sid]
        listeners = {down.endpoint.participant_sid for up in media.publications.tracks for down in up.downs}
        for listener in filter(None, map(self._clients.get, listeners)):
            for sid in listener.subscriptions.names(media) - {participant_sid}:
                listener.peer.signal(message(sid))

    def _is_seen(self, participant_sid: str) -> bool:
        media = self._clients.get(participant_sid)
        return media is not None and not media.peer.participant.permission.hidden

    def _broadcast(self, about: "ClientMedia", message: pb.SignalResponse) -> None:
        for other in about.peer.participant.room.participants.values():
            if other.active and (media := self._clients.get(other.sid)):
                media.peer.signal(message)


def demand(up: UpTrack) -> pb.SignalResponse:
    """Which layers of a track somebody wants: its publisher need not send the others."""
    wanted = max(up.wanted_layers(), default=-1)
    highest = min(wanted, len(up.sizes) - 1) if up.sizes else wanted
    qualities = [pb.SubscribedQuality(quality=pb.VideoQuality(int(q)), enabled=q <= highest) for q in _LAYERS]
    codec = up.mime.partition("/")[2] or up.published.codecs[0].name
    update = pb.SubscribedQualityUpdate(
        track_sid=up.track_sid, subscribed_codecs=[pb.SubscribedCodec(codec=codec.lower(), qualities=qualities)]
    )
    update.subscribed_qualities = qualities  # older clients read it; the constructor would warn
    return pb.SignalResponse(subscribed_quality_update=update)


def _speakers(speakers: Iterable[Speaker]) -> pb.SignalResponse:
    infos = [pb.SpeakerInfo(sid=s.participant_sid, level=s.level, active=s.active) for s in speakers]
    return pb.SignalResponse(speakers_changed=pb.SpeakersChanged(speakers=infos))


def _connections(infos: list[pb.ConnectionQualityInfo]) -> pb.SignalResponse:
    return pb.SignalResponse(connection_quality=pb.ConnectionQualityUpdate(updates=infos))
