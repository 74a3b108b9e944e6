"""`roomwright room tracks`, `mute-track` and `update-subscriptions`."""

import argparse

from roomwright.cli.calling import administer, calling, identity, in_room, named_room
from roomwright.cli.connection import Json, items
from roomwright.cli.tables import show, table
from roomwright.cli.tree import Command

TRACK_HEAD = ("TRACK", "TYPE", "SOURCE", "NAME", "CODEC", "SIZE", "MUTED")


def track_row(track: Json) -> tuple[object, ...]:
    """A track's cells, below `TRACK_HEAD`."""
    size = f"{track['width']}x{track.get('height', 0)}" if track.get("width") else ""
    return (
        track["sid"],
        track.get("type", "AUDIO"),
        track.get("source", "UNKNOWN"),
        track.get("name"),
        track.get("mime_type"),
        size,
        track.get("muted"),
    )


def list_tracks(arguments: argparse.Namespace) -> int:
    """The tracks of everybody in a room."""
    answer = administer(arguments, "ListParticipants", {})
    published = [
        {"identity": participant["identity"], **track}
        for participant in items(answer, "participants")
        for track in items(participant, "tracks")
    ]
    rows = ((track["identity"], *track_row(track)) for track in published)
    head = ("IDENTITY", *TRACK_HEAD)
    return show(arguments, {"tracks": published}, table(head, rows, f"no tracks in room {arguments.room!r}"))


def mute(arguments: argparse.Namespace) -> int:
    """Mute or unmute a track."""
    request = {"identity": arguments.identity, "track_sid": arguments.track, "muted": not arguments.unmute}
    answer = administer(arguments, "MutePublishedTrack", request)
    return show(arguments, answer, f"{'unmuted' if arguments.unmute else 'muted'} track {arguments.track!r}")


def update_subscriptions(arguments: argparse.Namespace) -> int:
    """Let a participant receive tracks, or no longer."""
    request = {"identity": arguments.identity, "track_sids": arguments.track, "subscribe": not arguments.unsubscribe}
    answer = administer(arguments, "UpdateSubscriptions", request)
    done = "unsubscribed from" if arguments.unsubscribe else "subscribed to"
    return show(arguments, answer, f"{arguments.identity!r} is {done} {', '.join(map(repr, arguments.track))}")


def _mute_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("track", metavar="TRACK", help="sid of the track, TR_…")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--mute", action="store_true", help="mute it (the default)")
    choice.add_argument("--unmute", action="store_true", help="unmute it, where the server allows that")


def _subscription_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("track", nargs="+", metavar="TRACK", help="sid of a track, TR_…")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--subscribe", action="store_true", help="receive them (the default)")
    choice.add_argument("--unsubscribe", action="store_true", help="receive them no longer")


TRACKS = Command("list the tracks of everybody in a room", list_tracks, calling(named_room))
MUTE_TRACK = Command("mute or unmute a track", mute, calling(in_room, identity, _mute_flags))
UPDATE_SUBSCRIPTIONS = Command(
    "let a participant receive tracks, or no longer",
    update_subscriptions,
    calling(in_room, identity, _subscription_flags),
)
