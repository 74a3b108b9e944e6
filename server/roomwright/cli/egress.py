"""`roomwright egress …`: recordings and streams of rooms."""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from roomwright.cli import FAILED, CommandError
from roomwright.cli.calling import calling, json_object
from roomwright.cli.connection import Connection, Json, items, part
from roomwright.cli.output import say
from roomwright.cli.tables import fields, moment, show, table
from roomwright.cli.tree import Command, Group

_NS_PER_S = 1_000_000_000
_ENDED = ("EGRESS_COMPLETE", "EGRESS_FAILED", "EGRESS_ABORTED", "EGRESS_LIMIT_REACHED")
_GOOD = ("EGRESS_COMPLETE", "EGRESS_LIMIT_REACHED")
_HEAD = ("EGRESS ID", "STATUS", "ROOM", "SOURCE", "STARTED (UTC)", "DURATION", "BYTES", "OUTPUT")
_SOURCES = ("room_composite", "participant", "track_composite", "track", "web", "egress")


def _ask(arguments: argparse.Namespace, method: str, request: Json) -> Json:
    return Connection.of(arguments).call("Egress", method, request, room_record=True)


# looking


def list_egresses(arguments: argparse.Namespace) -> int:
    """What runs, and what ended not long ago."""
    answer: Json = {"items": list(_pages(arguments))}
    return show(arguments, answer, table(_HEAD, map(_row, answer["items"]), "no egresses"))


def _pages(arguments: argparse.Namespace) -> Iterator[Json]:
    asked: Json = {"room_name": arguments.room, "active": arguments.active, "egress_id": arguments.id}
    while True:
        answer = _ask(arguments, "ListEgress", asked)
        yield from items(answer, "items")
        token = part(answer, "next_page_token").get("token")
        if not token:
            return
        asked["page_token"] = {"token": token}


def watch(arguments: argparse.Namespace) -> int:
    """Follow one egress until it has ended. Its end decides the exit code."""
    shown = ""
    while True:
        [info] = items(_ask(arguments, "ListEgress", {"egress_id": arguments.egress_id}), "items")
        line = json.dumps(info, ensure_ascii=False) if arguments.json else _progress(info)
        if line != shown:
            say(line)
            shown = line
        if info["status"] in _ENDED:
            return 0 if info["status"] in _GOOD else FAILED
        time.sleep(arguments.interval)


def _progress(info: Json) -> str:
    written = f"{_seconds(_duration(info))}, {_bytes(info)} bytes"
    return ": ".join(filter(None, (f"{_status(info)}  {written}", info.get("error"))))


# starting


def start_room(arguments: argparse.Namespace) -> int:
    """Record a whole room."""
    request = {
        "room_name": arguments.room,
        "layout": arguments.layout,
        "audio_only": arguments.audio_only,
        "video_only": arguments.video_only,
        **_outputs(arguments),
    }
    return _started(arguments, "StartRoomCompositeEgress", request)


def start_participant(arguments: argparse.Namespace) -> int:
    """Record one participant."""
    request = {
        "room_name": arguments.room,
        "identity": arguments.identity,
        "screen_share": arguments.screen_share,
        **_outputs(arguments),
    }
    return _started(arguments, "StartParticipantEgress", request)


def start_track_composite(arguments: argparse.Namespace) -> int:
    """Record one audio and one video track together."""
    request = {
        "room_name": arguments.room,
        "audio_track_id": arguments.audio,
        "video_track_id": arguments.video,
        **_outputs(arguments),
    }
    return _started(arguments, "StartTrackCompositeEgress", request)


def start_track(arguments: argparse.Namespace) -> int:
    """Record one track as it is."""
    output = {"websocket_url": arguments.websocket} if arguments.websocket else {"file": {"filepath": arguments.file}}
    return _started(
        arguments, "StartTrackEgress", {"room_name": arguments.room, "track_id": arguments.track_id, **output}
    )


def start_request(arguments: argparse.Namespace) -> int:
    """Send a request of one's own, as JSON."""
    try:
        text = sys.stdin.read() if arguments.request == "-" else Path(arguments.request).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise CommandError(f"cannot read the request {arguments.request}: {error}") from error
    return _started(arguments, "StartEgress", json_object(text, f"the request {arguments.request}"))


def _outputs(arguments: argparse.Namespace) -> Json:
    """A file, unless something else is asked for."""
    wanted: Json = {"preset": arguments.preset}
    if arguments.stream:
        wanted["stream_outputs"] = [{"urls": arguments.stream}]
    if arguments.segments is not None:
        wanted["segment_outputs"] = [{"filename_prefix": arguments.segments}]
    if arguments.images is not None:
        wanted["image_outputs"] = [{"filename_prefix": arguments.images}]
    if arguments.file is not None or len(wanted) == 1:
        wanted["file_outputs"] = [{"filepath": arguments.file or ""}]
    return wanted


def _started(arguments: argparse.Namespace, method: str, request: Json) -> int:
    return _show(arguments, _ask(arguments, method, request))


# changing


def stop(arguments: argparse.Namespace) -> int:
    """End an egress in order."""
    return _show(arguments, _ask(arguments, "StopEgress", {"egress_id": arguments.egress_id}))


def update_layout(arguments: argparse.Namespace) -> int:
    """Show another layout."""
    request = {"egress_id": arguments.egress_id, "layout": arguments.layout}
    return _show(arguments, _ask(arguments, "UpdateLayout", request))


def add_stream(arguments: argparse.Namespace) -> int:
    """Send a stream to further addresses."""
    request = {"egress_id": arguments.egress_id, "add_output_urls": arguments.address}
    return _show(arguments, _ask(arguments, "UpdateStream", request))


def remove_stream(arguments: argparse.Namespace) -> int:
    """Send a stream no more to some addresses."""
    request = {"egress_id": arguments.egress_id, "remove_output_urls": arguments.address}
    return _show(arguments, _ask(arguments, "UpdateStream", request))


# showing


def _show(arguments: argparse.Namespace, info: Json) -> int:
    told = (
        ("egress id", info["egress_id"]),
        ("status", _status(info)),
        ("room", info.get("room_name")),
        ("source", _source(info)),
        ("started (UTC)", _moment(info.get("started_at"))),
        ("ended (UTC)", _moment(info.get("ended_at"))),
        ("duration", _seconds(_duration(info))),
        ("output", ", ".join(_places(info))),
        ("details", info.get("details")),
        ("error", info.get("error")),
    )
    return show(arguments, info, fields(told))


def _row(info: Json) -> Sequence[object]:
    return (
        info["egress_id"],
        _status(info),
        info.get("room_name"),
        _source(info),
        _moment(info.get("started_at")),
        _seconds(_duration(info)),
        _bytes(info),
        ", ".join(_places(info)) or info.get("error"),
    )


def _status(info: Json) -> str:
    return str(info["status"]).removeprefix("EGRESS_").lower()


def _source(info: Json) -> str:
    return next((name.replace("_", " ") for name in _SOURCES if info.get(name)), "")


def _moment(nanoseconds: object) -> str:
    return moment(int(str(nanoseconds or 0)) // _NS_PER_S)


def _results(info: Json) -> list[Json]:
    return [one for kind in ("file_results", "segment_results", "stream_results") for one in items(info, kind)]


def _duration(info: Json) -> int:
    return max((int(one.get("duration") or 0) for one in _results(info)), default=0)


def _seconds(nanoseconds: int) -> str:
    return f"{nanoseconds / _NS_PER_S:.1f} s"


def _bytes(info: Json) -> int:
    return sum(int(one.get("size") or 0) for one in _results(info))


def _places(info: Json) -> list[str]:
    places = [one.get("location") or one.get("playlist_location") or one.get("url") or "" for one in _results(info)]
    return [place for place in [*places, *(one["filename_prefix"] for one in items(info, "image_results"))] if place]


# flags


def _list_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--room", metavar="ROOM", help="only of this room")
    parser.add_argument("--id", metavar="EGRESS_ID", help="only this one")
    parser.add_argument("--active", action="store_true", default=None, help="only those that have not ended")


def _one(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("egress_id", metavar="EGRESS_ID")


def _watch_flags(parser: argparse.ArgumentParser) -> None:
    _one(parser)
    parser.add_argument("--interval", type=float, default=1.0, metavar="S", help="seconds between looks; default: 1")


def _layout_flags(parser: argparse.ArgumentParser) -> None:
    _one(parser)
    parser.add_argument("layout", metavar="LAYOUT", help="grid, speaker or single-speaker, with -light or -dark")


def _address_flags(parser: argparse.ArgumentParser) -> None:
    _one(parser)
    parser.add_argument("address", nargs="+", metavar="URL", help="such as rtmp://host/app/key")


def _room_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("room", metavar="ROOM")


def _output_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--file", metavar="PATH", help="name of the file, with variables such as {room_name}, {time}")
    parser.add_argument("--segments", metavar="PREFIX", help="HLS instead of, or beside, a file")
    parser.add_argument("--images", metavar="PREFIX", help="an image every ten seconds")
    parser.add_argument("--stream", metavar="URL", action="append", help="stream to this address; may be repeated")
    parser.add_argument("--preset", metavar="NAME", help="such as H264_1080P_30")


def _room_flags(parser: argparse.ArgumentParser) -> None:
    _room_argument(parser)
    parser.add_argument("--layout", help="grid, speaker or single-speaker, with -light or -dark")
    parser.add_argument("--audio-only", action="store_true", default=None, help="sound alone")
    parser.add_argument("--video-only", action="store_true", default=None, help="pictures alone")
    _output_flags(parser)


def _participant_flags(parser: argparse.ArgumentParser) -> None:
    _room_argument(parser)
    parser.add_argument("identity", metavar="IDENTITY")
    parser.add_argument("--screen-share", action="store_true", default=None, help="the screen, not camera and voice")
    _output_flags(parser)


def _composite_flags(parser: argparse.ArgumentParser) -> None:
    _room_argument(parser)
    parser.add_argument("--audio", metavar="TRACK_ID")
    parser.add_argument("--video", metavar="TRACK_ID")
    _output_flags(parser)


def _track_flags(parser: argparse.ArgumentParser) -> None:
    _room_argument(parser)
    parser.add_argument("track_id", metavar="TRACK_ID")
    parser.add_argument("--file", default="", metavar="PATH", help="name of the file")
    parser.add_argument("--websocket", metavar="URL", help="raw audio to this WebSocket instead of a file")


def _request_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("request", metavar="FILE", help="a StartEgressRequest as JSON; - for standard input")


COMMAND = Group(
    "recordings and streams of rooms",
    {
        "list": Command("list what runs and what has ended", list_egresses, calling(_list_flags)),
        "watch": Command("follow an egress until it has ended", watch, calling(_watch_flags)),
        "start": Command("send a request of your own", start_request, calling(_request_flags)),
        "start-room": Command("record or stream a room", start_room, calling(_room_flags)),
        "start-participant": Command("record or stream a participant", start_participant, calling(_participant_flags)),
        "start-track-composite": Command(
            "record an audio and a video track together", start_track_composite, calling(_composite_flags)
        ),
        "start-track": Command("record a track as it is", start_track, calling(_track_flags)),
        "stop": Command("end an egress in order", stop, calling(_one)),
        "update-layout": Command("change the layout of a room's recording", update_layout, calling(_layout_flags)),
        "add-stream": Command("send a stream to further addresses", add_stream, calling(_address_flags)),
        "remove-stream": Command("end a stream to some addresses", remove_stream, calling(_address_flags)),
    },
)
