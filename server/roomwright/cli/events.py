"""`roomwright events`: follow a server's event stream in the terminal, through broken connections and restarts."""

import argparse
import http.client
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from roomwright.cli import FAILED, CommandError
from roomwright.cli.connection import Connection, Json, add_connection_flags, part
from roomwright.cli.output import say
from roomwright.cli.tables import line
from roomwright.cli.tree import Command

SILENCE_S = 60.0
"""How long a server may say nothing before it is taken for lost; its signs of life come every quarter of that."""
WAITS_S = (1, 1, 2, 5, 10)
"""Before the first, the second, … attempt after a loss."""
_FINAL = {400, 401, 403, 404}


@dataclass(slots=True)
class Told:
    """One server-sent event."""

    kind: str = "message"
    data: list[str] = field(default_factory=list[str])


class _LostError(Exception):
    """The connection broke; it is worth trying again."""


@dataclass(slots=True)
class Follower:
    """A place in a server's stream. `last` is the id from which it goes on; empty for from now on.

    Who was never connected gives up at once.
    """

    connection: Connection
    query: dict[str, str]
    last: str = ""
    failures: int = 0
    connected: bool = False

    def events(self) -> Iterator[Told]:
        """Every event, for ever. Raises CommandError when the server refuses."""
        while True:
            try:
                yield from self._connected()
            except _LostError as error:
                if not self.connected:
                    raise CommandError(str(error), exit_code=FAILED) from error
                wait = WAITS_S[min(self.failures, len(WAITS_S) - 1)]
                print(f"roomwright: {error}; again in {wait} s", file=sys.stderr)
                self.failures += 1
                time.sleep(wait)

    def _connected(self) -> Iterator[Told]:
        parts = urlsplit(self.connection.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        link = kind(parts.hostname or "", parts.port, timeout=SILENCE_S)
        try:
            link.request("GET", f"{parts.path}/events?{urlencode(self.query)}", headers=self._headers())
            yield from self._read(link.getresponse())
        except (OSError, http.client.HTTPException) as error:
            raise _LostError(f"no connection to {self.connection.url}: {error or type(error).__name__}") from error
        finally:
            link.close()

    def _headers(self) -> dict[str, str]:
        room = self.query.get("room", "")
        grants: dict[str, Any] = {"room_admin": True, "room": room} if room else {"room_list": True, "room_admin": True}
        resume = {"Last-Event-ID": self.last} if self.last else {}
        return {"Authorization": f"Bearer {self.connection.token(**grants)}", **resume}

    def _read(self, answer: http.client.HTTPResponse) -> Iterator[Told]:
        if answer.status != 200:
            text = f"the server answered {answer.status}: {answer.read(300).decode('utf-8', 'replace').strip()}"
            if answer.status in _FINAL:
                raise CommandError(text, exit_code=FAILED)
            raise _LostError(text)
        self.failures, self.connected = 0, True
        told = Told()
        while read := answer.readline():
            name, _, value = read.decode("utf-8", "replace").rstrip("\r\n").partition(": ")
            match name:
                case "id":
                    self.last = value
                case "event":
                    told.kind = value
                case "data":
                    told.data.append(value)
                case "" if not read.strip() and told.data:
                    yield told
                    told = Told()
                case _:
                    pass
        raise _LostError(f"{self.connection.url} has ended the stream")


def events(arguments: argparse.Namespace) -> int:
    """Print events as they come, until interrupted."""
    wanted = {"room": arguments.room, "include": arguments.include, "exclude": arguments.exclude}
    query = {name: value for name, value in wanted.items() if value}
    follower = Follower(Connection.of(arguments), query, arguments.after or "")
    for told in follower.events():
        for text in told.data:
            say(text if arguments.json else _for_people(told.kind, json.loads(text)))
    return 0


def _for_people(kind: str, event: Json) -> str:
    """One event on one line."""
    if kind == "missed":
        number = event.get("missed")
        return f"-- missed {'an unknown number of' if number is None else number} events: {event.get('reason')}"
    clock = time.strftime("%H:%M:%S", time.localtime(int(event.get("createdAt", 0))))
    return line((clock, event.get("event"), part(event, "room").get("name"), *_details(event)))


def _details(event: Json) -> Iterator[object]:
    participant, track, egress = (part(event, name) for name in ("participant", "track", "egressInfo"))
    yield participant.get("identity")
    yield track.get("name") or track.get("sid")
    yield egress.get("egressId")
    yield egress.get("status")
    yield event.get("roomEndReason")
    yield participant.get("disconnectReason")


def _flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--room", metavar="ROOM", help="only this room; default: all")
    parser.add_argument("--include", metavar="NAMES", help="only events of these names, with commas between")
    parser.add_argument("--exclude", metavar="NAMES", help="no events of these names")
    parser.add_argument("--after", metavar="ID", help="begin after this event's id in the stream; default: now")
    parser.add_argument("--json", action="store_true", help="print each event as a line of JSON, for programs")
    add_connection_flags(parser)


COMMAND = Command("follow what happens, as it happens", events, _flags)
