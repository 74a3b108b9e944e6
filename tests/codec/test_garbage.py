"""Whatever is thrown at the codecs, nothing but `CodecError` comes out."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomwright import codec
from tests.codec import reference
from tests.codec.reference import pb

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of deprecated messages
NAMES = sorted(reference.CLASSES)
ANY_MESSAGE = st.sampled_from(NAMES)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def reads_or_refuses(name: str, data: bytes) -> None:
    """Feed data to every reader; what one accepts, every writer can write."""
    for read in (codec.decode, codec.from_json, codec.from_twirp_json):
        try:
            message = read(reference.CLASSES[name], data)
        except codec.CodecError:
            continue
        write_all(message)


def write_all(message: Any) -> None:
    assert codec.encode(codec.copy(message)) == codec.encode(message)
    for write in (codec.to_json, codec.to_twirp_json):
        try:
            write(message)
        except codec.CodecError:
            assert "call_context" in vars(message) or "Any" in repr(message), "only an Any may lack a JSON form"


@given(name=ANY_MESSAGE, data=st.binary(max_size=60))
@settings(max_examples=500, deadline=None)
def test_random_bytes(name: str, data: bytes):
    reads_or_refuses(name, data)


@given(name=ANY_MESSAGE, tree=JSON)
@settings(max_examples=200, deadline=None)
def test_random_json(name: str, tree: Any):
    reads_or_refuses(name, json.dumps(tree).encode())


@given(data=st.data(), name=ANY_MESSAGE)
@settings(max_examples=300, deadline=None)
def test_json_with_the_right_keys_and_random_values(data: st.DataObject, name: str):
    fields = reference.theirs(name).DESCRIPTOR.fields
    keys = [key for field in fields for key in (field.name, field.json_name)] or ["x"]
    members = data.draw(st.lists(st.tuples(st.sampled_from(keys), JSON), max_size=4))
    document = "{" + ",".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in members) + "}"
    reads_or_refuses(name, document.encode())


@given(data=st.data(), name=ANY_MESSAGE, seed=st.integers(0, 2**32))
@settings(max_examples=500, deadline=None)
def test_damaged_messages(data: st.DataObject, name: str, seed: int):
    message = data.draw(reference.messages(name))
    for whole in (message.SerializeToString(), reference.json_text(message).encode()):
        reads_or_refuses(name, damaged(whole, random.Random(seed)))


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Data with some bytes changed, lost, repeated or put in."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at = chance.randint(0, len(out))
        match chance.randrange(4):
            case 0:
                out[at:at] = chance.randbytes(chance.randint(1, 3))
            case 1:
                del out[at:]
            case 2:
                out[at : at + chance.randint(1, 3)] = chance.randbytes(1)
            case _:
                out[at:at] = out[at : at + 10]
    return bytes(out)


WRONG_VALUES = (
    None,
    5,
    -1,
    1.5,
    "text",
    b"bytes",
    True,
    [],
    [None],
    {},
    {1: None},
    object(),
    pb.Codec(),
    1 << 70,
    "\udfff",
)


@pytest.mark.parametrize("name", NAMES)
def test_wrong_values_in_every_field(name: str):
    python = reference.CLASSES[name]
    for attribute in python.__dataclass_fields__:
        for value in WRONG_VALUES:
            message = python()
            setattr(message, attribute, value)
            for operation in (codec.encode, codec.to_json, codec.to_twirp_json, codec.copy):
                try:
                    operation(message)
                except codec.CodecError:
                    continue
