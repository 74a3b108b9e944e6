"""`roomwright dispatch …`: requests for agents."""

import argparse

from roomwright.cli.calling import calling, in_room, named_room, pairs
from roomwright.cli.connection import Connection, Json, items, part
from roomwright.cli.tables import moment, show, table
from roomwright.cli.tree import Command, Group

_HEAD = ("DISPATCH", "ROOM", "AGENT", "JOBS", "CREATED (UTC)", "METADATA")
_NS = 1_000_000_000


def list_dispatches(arguments: argparse.Namespace) -> int:
    """The dispatches of a room, or one of them."""
    answer = _ask(arguments, "ListDispatch", {"dispatch_id": arguments.dispatch})
    rows = map(_row, items(answer, "agent_dispatches"))
    return show(arguments, answer, table(_HEAD, rows, f"no dispatches in room {arguments.room!r}"))


def create(arguments: argparse.Namespace) -> int:
    """Ask for an agent in a room."""
    request = {
        "agent_name": arguments.agent_name,
        "metadata": arguments.metadata,
        "attributes": pairs(arguments.attribute, "--attribute") or None,
    }
    answer = _ask(arguments, "CreateDispatch", request)
    return show(arguments, answer, table(_HEAD, [_row(answer)], ""))


def delete(arguments: argparse.Namespace) -> int:
    """Withdraw a dispatch."""
    answer = _ask(arguments, "DeleteDispatch", {"dispatch_id": arguments.dispatch})
    return show(arguments, answer, f"deleted dispatch {arguments.dispatch!r}")


def _ask(arguments: argparse.Namespace, method: str, request: Json) -> Json:
    room = arguments.room
    return Connection.of(arguments).call(
        "AgentDispatchService", method, {"room": room, **request}, room_admin=True, room=room
    )


def _row(dispatch: Json) -> tuple[object, ...]:
    state = part(dispatch, "state")
    return (
        dispatch["id"],
        dispatch["room"],
        dispatch.get("agent_name"),
        len(items(state, "jobs")),
        moment(int(state.get("created_at", 0)) // _NS),
        dispatch.get("metadata"),
    )


def _list_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dispatch", nargs="?", metavar="DISPATCH", help="only this one")


def _create_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--agent-name", required=True, metavar="NAME", help="which agent")
    parser.add_argument("--metadata", help="metadata for the agent")
    parser.add_argument("--attribute", metavar="KEY=VALUE", action="append", default=[], help="may be repeated")


def _delete_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dispatch", metavar="DISPATCH", help="its id, AD_…")


COMMAND = Group(
    "requests for agents",
    {
        "list": Command("list a room's dispatches", list_dispatches, calling(named_room, _list_flags)),
        "create": Command("ask for an agent in a room", create, calling(in_room, _create_flags)),
        "delete": Command("withdraw a dispatch", delete, calling(named_room, _delete_flags)),
    },
)
