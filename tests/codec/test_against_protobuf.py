"""Every message of the schema against protobuf's own runtime: both directions, all formats."""

import json
import struct
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roomwright import codec
from tests.codec import reference

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of deprecated messages

EVERY_MESSAGE = pytest.mark.parametrize("name", sorted(reference.CLASSES))
FEW = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)


@EVERY_MESSAGE
@given(data=st.data())
@FEW
def test_all_formats_carry_the_same_message(name: str, data: st.DataObject):
    theirs = data.draw(reference.messages(name))
    ours = codec.decode(reference.CLASSES[name], theirs.SerializeToString())

    assert set(vars(ours)) == {*type(ours).__dataclass_fields__, "_unknown_fields"}
    assert reference.theirs(name).FromString(codec.encode(ours)) == theirs
    assert comparable(codec.to_json(ours)) == comparable(reference.json_text(theirs))
    assert reference.from_json(name, codec.to_json(ours)) == theirs
    assert codec.from_json(type(ours), reference.json_text(theirs)) == ours
    assert comparable(codec.to_twirp_json(ours)) == comparable(json.dumps(reference.twirp_tree(theirs)))
    assert codec.from_twirp_json(type(ours), codec.to_twirp_json(ours)) == ours
    assert codec.copy(ours) == ours


@EVERY_MESSAGE
def test_twirp_json_has_the_order_of_declaration(name: str):
    theirs = reference.theirs(name)()
    expected = [
        field.name
        for field in theirs.DESCRIPTOR.fields
        if field.containing_oneof is None  # and so no proto3 `optional` either, which is a oneof of its own
    ]
    python = reference.CLASSES[name]
    for message in (python(), codec.decode(python, b""), codec.from_json(python, b"{}"), codec.copy(python())):
        assert list(json.loads(codec.to_twirp_json(message))) == expected


def comparable(document: str | bytes) -> Any:
    """A document as a tree in which floats have the precision they have on the wire."""
    return json.loads(document, parse_float=as_float32, parse_int=as_float32)


def as_float32(text: str) -> float:
    try:
        return struct.unpack("<f", struct.pack("<f", float(text)))[0]
    except OverflowError:
        return float(text)
