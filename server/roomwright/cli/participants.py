"""`roomwright room participants …`."""

import argparse
import re

from roomwright.cli.calling import (
    administer,
    calling,
    in_room,
    json_object,
    named_participant,
    named_room,
    pairs,
)
from roomwright.cli.connection import Json, items, part
from roomwright.cli.tables import fields, moment, show, table
from roomwright.cli.tracks import TRACK_HEAD, track_row
from roomwright.cli.tree import Command, Flags, Group

_WORD = re.compile(r"(?<=[a-z])[A-Z]")


def list_participants(arguments: argparse.Namespace) -> int:
    """Everybody in a room."""
    answer = administer(arguments, "ListParticipants", {})
    rows = (_row(participant) for participant in items(answer, "participants"))
    head = ("IDENTITY", "SID", "NAME", "STATE", "KIND", "TRACKS", "JOINED (UTC)")
    return show(arguments, answer, table(head, rows, f"nobody is in room {arguments.room!r}"))


def get(arguments: argparse.Namespace) -> int:
    """One participant with its tracks."""
    return _show_participant(arguments, _fetch(arguments))


def remove(arguments: argparse.Namespace) -> int:
    """Disconnect a participant; with `--revoke-tokens`, its tokens of up to now are refused from then on."""
    from roomwright.clock import SystemClock

    revoke = SystemClock().now_ns() // 1_000_000_000 if arguments.revoke_tokens else None
    answer = administer(arguments, "RemoveParticipant", {"identity": arguments.identity, "revoke_token_ts": revoke})
    return show(arguments, answer, f"removed {arguments.identity!r} from room {arguments.room!r}")


def update(arguments: argparse.Namespace) -> int:
    """Change name, metadata, attributes and permissions; what is not given stays."""
    permission: Json | None = None
    if arguments.permissions is not None:
        given = json_object(arguments.permissions, "--permissions")
        permission = part(_fetch(arguments), "permission")
        permission |= {_snake(name): value for name, value in given.items()}
    request = {
        "identity": arguments.identity,
        "name": arguments.name,
        "metadata": arguments.metadata,
        "attributes": pairs(arguments.attribute, "--attribute") or None,
        "permission": permission,
    }
    return _show_participant(arguments, administer(arguments, "UpdateParticipant", request))


def move(arguments: argparse.Namespace) -> int:
    """Take a participant to another room."""
    return _send_on(arguments, "MoveParticipant", "moved")


def forward(arguments: argparse.Namespace) -> int:
    """Show a participant in another room too."""
    return _send_on(arguments, "ForwardParticipant", "forwarded")


def _send_on(arguments: argparse.Namespace, method: str, done: str) -> int:
    destination = arguments.destination_room
    request = {"identity": arguments.identity, "destination_room": destination}
    answer = administer(arguments, method, request, destination_room=destination)
    return show(arguments, answer, f"{done} {arguments.identity!r} to room {destination!r}")


def _fetch(arguments: argparse.Namespace) -> Json:
    return administer(arguments, "GetParticipant", {"identity": arguments.identity})


def _snake(name: str) -> str:
    return _WORD.sub(lambda found: f"_{found[0]}", name).lower()


def _row(participant: Json) -> tuple[object, ...]:
    return (
        participant["identity"],
        participant["sid"],
        participant.get("name"),
        participant.get("state", "JOINING"),
        participant.get("kind", "STANDARD"),
        len(items(participant, "tracks")),
        moment(participant.get("joined_at")),
    )


def _show_participant(arguments: argparse.Namespace, participant: Json) -> int:
    may = [name.removeprefix("can_") for name, held in part(participant, "permission").items() if held is True]
    attributes = part(participant, "attributes")
    told = (
        ("identity", participant["identity"]),
        ("sid", participant["sid"]),
        ("name", participant.get("name")),
        ("state", participant.get("state", "JOINING")),
        ("kind", participant.get("kind", "STANDARD")),
        ("joined (UTC)", moment(participant.get("joined_at"))),
        ("metadata", participant.get("metadata")),
        ("attributes", ", ".join(f"{key}={value}" for key, value in attributes.items())),
        ("may", ", ".join(may)),
    )
    tracks = table(TRACK_HEAD, map(track_row, items(participant, "tracks")), "no tracks")
    return show(arguments, participant, f"{fields(told)}\n\n{tracks}")


def _remove_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--revoke-tokens", action="store_true", help="refuse the tokens that it has had until now")


def _update_flags(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--name", help="the new name")
    add("--metadata", help="the new metadata")
    add(
        "--attribute", metavar="KEY=VALUE", action="append", default=[], help="attribute, may be repeated; KEY= deletes"
    )
    add("--permissions", metavar="JSON", help='what to change of its permissions, such as {"can_publish": false}')


def _destination(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--destination-room", required=True, metavar="ROOM", help="the other room")


def _of_one(*flags: Flags) -> Flags:
    return calling(in_room, named_participant, *flags)


PARTICIPANTS = Group(
    "who is in a room",
    {
        "list": Command("list everybody in a room", list_participants, calling(named_room)),
        "get": Command("show one participant with its tracks", get, _of_one()),
        "remove": Command("disconnect a participant", remove, _of_one(_remove_flags)),
        "update": Command("change name, metadata, attributes, permissions", update, _of_one(_update_flags)),
        "move": Command("take a participant to another room", move, _of_one(_destination)),
        "forward": Command("show a participant in another room too", forward, _of_one(_destination)),
    },
)
