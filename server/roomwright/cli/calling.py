"""What commands that call the room service share: flags, and the call itself."""

import argparse
import json
from typing import Any, cast

from roomwright.cli import CommandError
from roomwright.cli.connection import Connection, Json, add_connection_flags
from roomwright.cli.tables import add_json_flag
from roomwright.cli.tree import Flags


def calling(*flags: Flags) -> Flags:
    """`flags`, then those of every command that calls a server and prints its answer."""

    def add(parser: argparse.ArgumentParser) -> None:
        for each in (*flags, add_json_flag, add_connection_flags):
            each(parser)

    return add


def named_room(parser: argparse.ArgumentParser) -> None:
    """The room, as an argument."""
    parser.add_argument("room", metavar="ROOM", help="name of the room")


def in_room(parser: argparse.ArgumentParser) -> None:
    """The room, as a flag, where the argument is something in it."""
    parser.add_argument("--room", required=True, metavar="ROOM", help="name of the room")


def identity(parser: argparse.ArgumentParser) -> None:
    """A participant of the room, as a flag, where the argument is something of it."""
    parser.add_argument("--identity", required=True, metavar="IDENTITY", help="identity of the participant")


def named_participant(parser: argparse.ArgumentParser) -> None:
    """A participant of the room, as an argument."""
    parser.add_argument("identity", metavar="IDENTITY", help="identity of the participant")


def ask(arguments: argparse.Namespace, method: str, request: Json, **grants: Any) -> Json:
    """What the room service answers."""
    return Connection.of(arguments).call("RoomService", method, request, **grants)


def administer(arguments: argparse.Namespace, method: str, request: Json, **grants: Any) -> Json:
    """What the room service answers to a request about the room of `arguments`."""
    room = arguments.room
    return ask(arguments, method, {"room": room, **request}, room_admin=True, room=room, **grants)


def pairs(texts: list[str], flag: str) -> dict[str, str]:
    """`KEY=VALUE` texts as a dictionary."""
    found: dict[str, str] = {}
    for text in texts:
        key, separator, value = text.partition("=")
        if not separator or not key:
            raise CommandError(f"{flag} must be KEY=VALUE, not {text!r}")
        found[key] = value
    return found


def json_object(text: str, flag: str) -> Json:
    """A flag's value that is a JSON object."""
    try:
        read = json.loads(text)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise CommandError(f"{flag} must be a JSON object, not {text!r}")
    return cast("Json", read)
