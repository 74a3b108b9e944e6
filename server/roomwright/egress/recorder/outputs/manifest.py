"""The JSON file that says what an egress made. Pure; keys as LiveKit's, left out when empty."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

_KINDS: Final = {pb.TrackType.AUDIO: "audio", pb.TrackType.VIDEO: "video", pb.TrackType.DATA: "data"}


def manifest(
    plan: v1.Plan,
    tracks: Sequence[v1.TrackAdded],
    results: v1.Progress,
    segments: Mapping[str, Sequence[str]],
    images: Sequence[Mapping[str, Any]],
) -> bytes:
    """The manifest. `segments` are the locations of segments by that of their playlist."""
    ended = [info.ended_at for info in (*results.files, *results.segments, *results.images)]
    started = [info.started_at for info in (*results.files, *results.segments, *results.images)]
    content: dict[str, Any] = {
        "egress_id": plan.egress_id,
        "room_id": plan.room_sid,
        "room_name": plan.room_name,
        "started_at": min(started, default=0),
        "ended_at": max(ended, default=0),
        "publisher_identity": plan.source.identity if plan.source else "",
        **_tracks(plan, tracks),
        "files": [{"filename": info.filename, "location": info.location} for info in results.files],
        "playlists": [{"location": location, "segments": list(locations)} for location, locations in segments.items()],
        "images": list(images),
    }
    return orjson.dumps({key: value for key, value in content.items() if value}, option=orjson.OPT_INDENT_2)


def _tracks(plan: v1.Plan, tracks: Sequence[v1.TrackAdded]) -> Mapping[str, str]:
    known = [added.track for added in tracks if added.track is not None]
    match plan.source and plan.source.kind:
        case v1.SourceKind.TRACK if known:
            track = known[0]
            source = (track.source.name or "").lower()
            return {"track_id": track.sid, "track_kind": _KINDS.get(track.type, ""), "track_source": source}
        case v1.SourceKind.TRACK_PAIR:
            return {f"{_KINDS.get(track.type, '')}_track_id": track.sid for track in known}
        case _:
            return {}
