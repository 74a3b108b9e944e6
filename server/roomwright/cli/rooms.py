"""`roomwright room …`: rooms, and the group of all commands about what is in them."""

import argparse

from roomwright.cli.calling import ask, calling, named_room
from roomwright.cli.connection import Json, items
from roomwright.cli.participants import PARTICIPANTS
from roomwright.cli.sending import PERFORM_RPC, SEND_DATA
from roomwright.cli.tables import fields, moment, show, table
from roomwright.cli.tracks import MUTE_TRACK, TRACKS, UPDATE_SUBSCRIPTIONS
from roomwright.cli.tree import Command, Group

_NUMBERS = {
    "empty-timeout": "seconds that it waits for its first participant",
    "departure-timeout": "seconds that it outlives its last participant",
    "max-participants": "seats; 0 is unlimited",
    "min-playout-delay": "least delay of video, in ms",
    "max-playout-delay": "greatest delay of video, in ms",
}


def list_rooms(arguments: argparse.Namespace) -> int:
    """All rooms, or those that are named."""
    answer = ask(arguments, "ListRooms", {"names": arguments.name}, room_list=True)
    rows = (_row(room) for room in items(answer, "rooms"))
    head = ("NAME", "SID", "PARTICIPANTS", "PUBLISHERS", "RECORDING", "CREATED (UTC)")
    return show(arguments, answer, table(head, rows, "no rooms"))


def create(arguments: argparse.Namespace) -> int:
    """Create a room, or show the one that is there."""
    numbers = {name.replace("-", "_"): getattr(arguments, name.replace("-", "_")) for name in _NUMBERS}
    request = {
        "name": arguments.room,
        "metadata": arguments.metadata,
        "room_preset": arguments.room_preset,
        "sync_streams": arguments.sync_streams,
        "agents": [{"agent_name": name} for name in arguments.agent] or None,
        **numbers,
    }
    return _show_room(arguments, ask(arguments, "CreateRoom", request, room_create=True))


def update(arguments: argparse.Namespace) -> int:
    """Replace a room's metadata."""
    request = {"room": arguments.room, "metadata": arguments.metadata}
    return _show_room(arguments, ask(arguments, "UpdateRoomMetadata", request, room_admin=True, room=arguments.room))


def delete(arguments: argparse.Namespace) -> int:
    """Disconnect everybody and end the room."""
    answer = ask(arguments, "DeleteRoom", {"room": arguments.room}, room_create=True)
    return show(arguments, answer, f"deleted room {arguments.room!r}")


def _row(room: Json) -> tuple[object, ...]:
    return (
        room["name"],
        room["sid"],
        room.get("num_participants", 0),
        room.get("num_publishers", 0),
        room.get("active_recording"),
        moment(room.get("creation_time")),
    )


def _show_room(arguments: argparse.Namespace, room: Json) -> int:
    told = (
        ("name", room["name"]),
        ("sid", room["sid"]),
        ("participants", str(room.get("num_participants", 0))),
        ("created (UTC)", moment(room.get("creation_time"))),
        ("empty timeout", f"{room.get('empty_timeout', 0)} s"),
        ("departure timeout", f"{room.get('departure_timeout', 0)} s"),
        ("max participants", str(room.get("max_participants") or "unlimited")),
        ("metadata", room.get("metadata")),
    )
    return show(arguments, room, fields(told))


def _list_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="*", metavar="ROOM", help="only these rooms")


def _create_flags(parser: argparse.ArgumentParser) -> None:
    named_room(parser)
    for name, purpose in _NUMBERS.items():
        parser.add_argument(f"--{name}", type=int, metavar="N", help=purpose)
    parser.add_argument("--metadata", help="metadata of the room")
    parser.add_argument("--room-preset", metavar="NAME", help="a preset of the server's configuration")
    parser.add_argument("--sync-streams", action="store_true", default=None, help="keep sound and picture in step")
    parser.add_argument(
        "--agent", metavar="NAME", action="append", default=[], help="agent to ask for, may be repeated"
    )


def _update_flags(parser: argparse.ArgumentParser) -> None:
    named_room(parser)
    parser.add_argument("--metadata", required=True, help="the new metadata")


COMMAND = Group(
    "rooms, and what is in them",
    {
        "list": Command("list rooms", list_rooms, calling(_list_flags)),
        "create": Command("create a room", create, calling(_create_flags)),
        "update": Command("change a room's metadata", update, calling(_update_flags)),
        "delete": Command("disconnect everybody and end a room", delete, calling(named_room)),
        "participants": PARTICIPANTS,
        "tracks": TRACKS,
        "mute-track": MUTE_TRACK,
        "update-subscriptions": UPDATE_SUBSCRIPTIONS,
        "send-data": SEND_DATA,
        "perform-rpc": PERFORM_RPC,
    },
)
