"""Nothing that can be asked for is dropped in silence: every field is acted upon, refused by name, or documented."""

import dataclasses
import importlib
import typing
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import betterproto2
import pytest

from roomwright import codec
from roomwright.egress.planning.storage import planned
from roomwright.egress.recorder.storage import places
from roomwright.egress.recorder.storage.faults import FAULTS
from roomwright.egress.recorder.storage.uploads import put
from roomwright.egress.storing import refusal
from roomwright.egress.wish import FileWish, Wish
from roomwright.errors import ServiceError
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1
from tests.egress import test_requests
from tests.egress.fields import ELSEWHERE, HERE, MESSAGES, Changes, Message, Nothing, Refused, Sent, Tried
from tests.egress.witness import Witness, witness

DOCUMENT = Path(__file__).parents[2] / "docs/egress.md"
KINDS = {type(message.base): message for message in MESSAGES}
ROWS = [(message, name) for message in MESSAGES for name in message.rows]
TRACKS = (
    test_requests.ALICE,
    test_requests.CAMERA,
    *(
        dataclasses.replace(test_requests.ALICE, track=pb.TrackInfo(sid=sid, mime_type="audio/opus"))
        for sid in ("TR_b",)
    ),
)


def rows(kind: type) -> Any:
    """The fields whose row is of this kind, as parameters."""
    chosen = [(message, name) for message, name in ROWS if isinstance(message.rows[name], kind)]
    return pytest.mark.parametrize(
        ("message", "name"), chosen, ids=[f"{type(message.base).__name__}.{name}" for message, name in chosen]
    )


def changed(message: Message, name: str) -> Any:
    """The complete message with the row's value."""
    row: Any = message.rows[name]
    beside = getattr(row, "beside", None) or {}
    return dataclasses.replace(message.base, **{**beside, name: row.value})


def outcome(wish: Wish) -> tuple[Any, ...]:
    """All that is done for a wish."""
    tracks = [one for one in TRACKS if one.track.sid in wish.source.tracks]
    return wish.room_name, wish.source, wish.webhooks, test_requests.planned(wish, *tracks)


def inside(kind: type[Any]) -> Iterator[type[Any]]:
    """The messages that a message holds."""
    for hint in typing.get_type_hints(kind).values():
        for each in (hint, *typing.get_args(hint)):
            if isinstance(each, type) and issubclass(each, betterproto2.Message):
                yield each


def test_every_field_of_every_message_has_its_row() -> None:
    waiting, seen = [pb.RoomEgress, *KINDS], set()
    while waiting:
        kind = waiting.pop()
        if kind in seen or kind in ELSEWHERE:
            continue
        seen.add(kind)
        waiting += inside(kind)
    assert seen - {pb.RoomEgress} == set(KINDS)
    for kind, message in KINDS.items():
        assert {field.name for field in dataclasses.fields(kind)} == set(message.rows), kind


@rows(Changes)
def test_a_field_changes_what_is_done(message: Message, name: str) -> None:
    assert outcome(message.wish(changed(message, name))) != outcome(message.wish(message.base))


@rows(Refused)
def test_a_field_that_is_not_supported_is_refused_by_name(message: Message, name: str) -> None:
    row = message.rows[name]
    with pytest.raises(ServiceError, match=row.word):
        outcome(message.wish(changed(message, name)))


@rows(Nothing)
def test_a_field_without_effect_is_documented(message: Message, name: str) -> None:
    assert outcome(message.wish(changed(message, name))) == outcome(message.wish(message.base))
    [line] = [line for line in DOCUMENT.read_text().split("\n\n") if line.startswith("Without effect")]
    assert f"`{name}`" in line


@rows(Tried)
def test_a_field_that_the_wire_does_not_show_is_tried_elsewhere(message: Message, name: str) -> None:
    module, _, test = message.rows[name].test.partition(".")
    assert hasattr(importlib.import_module(f"tests.egress.{module}"), test)


@pytest.fixture(scope="module")
def seeing() -> Iterator[Witness]:
    """A storage server, or a proxy before one, that tells what it was sent."""
    with witness() as server:
        yield server


@rows(Sent)
def test_a_field_of_a_storage_is_seen_on_the_wire(
    message: Message, name: str, seeing: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = places._client
    monkeypatch.setattr(places, "_client", lambda *given: {**client(*given), "allow_http": True})
    monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", seeing.url)
    with_it, without = (stored(message.wish(one), seeing) for one in (changed(message, name), message.base))
    assert with_it != without
    text = message.rows[name].text
    if not text:
        assert with_it == ""
        return
    assert text in with_it
    assert text not in without


def stored(wish: Wish, server: Witness) -> str:
    """The request with which a file is stored; empty where it does not come to the server."""
    [output] = wish.outputs
    assert isinstance(output, FileWish)
    storage = planned(output.storage, v1.Storage())
    assert refusal(storage) == ""
    here = codec.to_json(storage).decode().replace(HERE, server.url)
    server.seen.clear()
    try:
        put(places.place(codec.from_json(v1.Storage, here.encode()), timedelta(0)), "x.mp4", b"x")
    except FAULTS:
        return ""
    [seen] = server.seen
    return str(seen)
