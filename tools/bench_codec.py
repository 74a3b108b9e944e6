"""Measures the codecs against betterproto2's own and against protobuf's, in one run, and checks the budget.

Usage: python tools/bench_codec.py

Prints microseconds per operation and ratios for a Room and a CreateRoomRequest; exits 1 when a ratio is below budget.
Both sides are measured in turns, in many short rounds: the times are the best ones, the ratio is the median of the
rounds, so that a busy machine disturbs both alike.
"""

import importlib
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import betterproto2
from google.protobuf import json_format

from roomwright import codec
from roomwright_proto import livekit as pb

ROUNDS = 40
SECONDS_PER_ROUND = 0.006
CODECS = ("PCMU", "PCMA", "opus", "red", "VP8", "H264", "VP9", "AV1", "H265", "rtx")


class Comparison(NamedTuple):
    """Two ways of doing the same, and by how much the second one has to be faster."""

    title: str
    baseline_name: str
    baseline: Callable[[], Any]
    ours: Callable[[], Any]
    budget: float


def room() -> pb.Room:
    """A room as CreateRoom answers it."""
    return pb.Room(
        sid="RM_hycBMAjmt6Ub",
        name="standup",
        empty_timeout=300,
        departure_timeout=20,
        creation_time=1_764_000_000,
        creation_time_ms=1_764_000_000_123,
        turn_password="R2hcJpZ5q8yqWnLs1fTg",  # noqa: S106 - a value to encode, not a secret
        enabled_codecs=[pb.Codec(mime=f"{'audio' if index < 4 else 'video'}/{c}") for index, c in enumerate(CODECS)],
        metadata='{"topic": "daily"}',
        num_participants=3,
        num_publishers=2,
    )


def comparisons() -> list[Comparison]:
    """What is measured; the budgets are those of the design."""
    message, request = room(), b'{"name":"standup","emptyTimeout":300,"maxParticipants":20,"metadata":"daily"}'
    data, document = codec.encode(message), codec.to_json(message)
    theirs = importlib.import_module("livekit.protocol.models").Room.FromString(data)
    their_class = type(theirs)
    their_request = importlib.import_module("livekit.protocol.room").CreateRoomRequest
    form: dict[str, Any] = {"include_default_values": True, "casing": betterproto2.Casing.SNAKE}
    return [
        Comparison("Room encode", "betterproto2", lambda: bytes(message), lambda: codec.encode(message), 18),
        Comparison("Room decode", "betterproto2", lambda: pb.Room.parse(data), lambda: codec.decode(pb.Room, data), 7),
        Comparison(
            "Room Twirp JSON out",
            "betterproto2",
            lambda: json.dumps(message.to_dict(**form)).encode(),
            lambda: codec.to_twirp_json(message),
            200,
        ),
        Comparison(
            "Room JSON in", "betterproto2", lambda: pb.Room.from_json(document), lambda: read(pb.Room, document), 1
        ),
        Comparison(
            "Room JSON out",
            "json_format",
            lambda: json_format.MessageToJson(theirs),
            lambda: codec.to_json(message),
            1,
        ),
        Comparison(
            "Room Twirp JSON out",
            "json_format",
            lambda: json_format.MessageToJson(
                theirs, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
            ),
            lambda: codec.to_twirp_json(message),
            1,
        ),
        Comparison(
            "Room JSON in",
            "json_format",
            lambda: json_format.Parse(document, their_class()),
            lambda: codec.from_json(pb.Room, document),
            1,
        ),
        Comparison(
            "CreateRoomRequest JSON in",
            "json_format",
            lambda: json_format.Parse(request, their_request()),
            lambda: read(pb.CreateRoomRequest, request),
            1,
        ),
        Comparison(
            "Room copy",
            "parse(bytes())",
            lambda: pb.Room.parse(bytes(message)),
            lambda: codec.copy(message),
            10,
        ),
    ]


def read(message_type: type[Any], document: bytes) -> Any:
    """Read a Twirp request body."""
    return codec.from_twirp_json(message_type, document)


def one_round(function: Callable[[], Any]) -> float:
    """Seconds of processor time per call, over a short round."""
    calls, start, now = 0, time.process_time(), 0.0
    end = start + SECONDS_PER_ROUND
    while now < end:
        for _ in range(8):  # reading the clock is not free either
            function()
        calls += 8
        now = time.process_time()
    return (now - start) / calls


def measure(comparison: Comparison) -> tuple[float, float, float]:
    """Best seconds per call of the baseline and of ours, and the ratio."""
    comparison.ours()  # compiles
    rounds = [(one_round(comparison.baseline), one_round(comparison.ours)) for _ in range(ROUNDS)]
    ratio = statistics.median(baseline / ours for baseline, ours in rounds)
    return min(baseline for baseline, _ in rounds), min(ours for _, ours in rounds), ratio


def main() -> int:
    """Measure everything and print a table."""
    missed = 0
    print(f"{'':28}{'against':16}{'µs':>10}{'ours µs':>10}{'ratio':>9}{'budget':>9}")
    for comparison in comparisons():
        baseline, ours, ratio = measure(comparison)
        missed += ratio < comparison.budget
        verdict = "" if ratio >= comparison.budget else "   below budget"
        print(
            f"{comparison.title:28}{comparison.baseline_name:16}{baseline * 1e6:10.1f}{ours * 1e6:10.2f}"
            f"{ratio:8.1f}x{comparison.budget:8.0f}x{verdict}"
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
