"""What clients are told of media: who speaks, how good connections are, which layers are wanted."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from roomwright.media.forward.events import Event, QualityChanged, SpeakersChanged
from roomwright.media.forward.settings import Quality
from roomwright.media.forward.up import UpTrack
from roomwright_proto import livekit as pb

if TYPE_CHECKING:
    from roomwright.sfu.embedded.plane.client import ClientMedia

_LAYERS = (Quality.LOW, Quality.MEDIUM, Quality.HIGH)


def tell(clients: Mapping[str, "ClientMedia"], event: Event) -> None:
    """Tell the clients of a room what has happened in it."""
    match event:
        case SpeakersChanged():
            infos = [pb.SpeakerInfo(sid=s.participant_sid, level=s.level, active=s.active) for s in event.changed]
            for speaker in event.changed:
                if speaker.participant_sid in clients:
                    message = pb.SignalResponse(speakers_changed=pb.SpeakersChanged(speakers=infos))
                    _broadcast(clients, clients[speaker.participant_sid], message)
                    return
        case QualityChanged():
            media = clients.get(event.participant_sid)
            if media is not None and media.peer.participant.active:
                quality = pb.ConnectionQuality[event.quality.name]
                info = pb.ConnectionQualityInfo(
                    participant_sid=event.participant_sid, quality=quality, score=event.score
                )
                update = pb.ConnectionQualityUpdate(updates=[info])
                _broadcast(clients, media, pb.SignalResponse(connection_quality=update))
        case _:
            pass


def demand(up: UpTrack) -> pb.SignalResponse:
    """Which layers of a track somebody wants: its publisher need not send the others."""
    highest = max(up.wanted_layers(), default=-1)
    qualities = [pb.SubscribedQuality(quality=pb.VideoQuality(int(q)), enabled=q <= highest) for q in _LAYERS]
    codec = up.mime.partition("/")[2].lower() or next(iter(up.published.codecs)).name.lower()
    update = pb.SubscribedQualityUpdate(
        track_sid=up.track_sid, subscribed_codecs=[pb.SubscribedCodec(codec=codec, qualities=qualities)]
    )
    update.subscribed_qualities = qualities
    return pb.SignalResponse(subscribed_quality_update=update)


def _broadcast(clients: Mapping[str, "ClientMedia"], about: "ClientMedia", message: pb.SignalResponse) -> None:
    """Tell everybody in the room, or the participant alone if nobody may see it."""
    participant = about.peer.participant
    if participant.permission.hidden:
        about.peer.signal(message)
        return
    for other in participant.room.participants.values():
        if other.sid in clients and other.active:
            clients[other.sid].peer.signal(message)
