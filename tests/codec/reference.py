"""Protobuf's own runtime on this project's schema: what the codecs are compared with.

The classes are made from the same descriptor set, in a pool of their own, so that nothing else has to match.
"""

import json
from importlib.resources import files
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hypothesis import strategies as st

from roomwright_proto import livekit as pb
from roomwright_proto.message_pool import default_message_pool

POOL = descriptor_pool.DescriptorPool()
for _file in descriptor_pb2.FileDescriptorSet.FromString(
    files("roomwright_proto").joinpath("schema.binpb").read_bytes()
).file:
    POOL.Add(_file)

CLASSES: dict[str, type[Any]] = {
    url.rpartition("/")[2]: python for url, python in default_message_pool.url_to_type.items() if "/livekit." in url
}
"""The generated classes of the LiveKit schema by full name."""

F = FieldDescriptor
_MICROS = st.integers(0, 999_999)
_TEXT = st.text(max_size=12)
_INTEGERS = {
    F.TYPE_INT32: (-(2**31), 2**31 - 1),
    F.TYPE_UINT32: (0, 2**32 - 1),
    F.TYPE_INT64: (-(2**63), 2**63 - 1),
    F.TYPE_UINT64: (0, 2**64 - 1),
}
_SCALARS = {
    F.TYPE_STRING: _TEXT,
    F.TYPE_BYTES: st.binary(max_size=12),
    F.TYPE_BOOL: st.booleans(),
    F.TYPE_FLOAT: st.floats(-(2.0**126), 2.0**126, width=32) | st.sampled_from([float("inf"), float("-inf")]),
    F.TYPE_DOUBLE: st.floats(allow_nan=False),
}
MAX_DEPTH = 3


def theirs(name: str) -> type[Message]:
    """Protobuf's class of that full name."""
    return message_factory.GetMessageClass(POOL.FindMessageTypeByName(name))


def messages(name: str) -> st.SearchStrategy[Message]:
    """Random messages of protobuf's class of that full name."""
    return _filled(name, 0)


@st.composite
def _filled(draw: st.DrawFn, name: str, depth: int) -> Message:
    message = theirs(name)()
    fields = list(message.DESCRIPTOR.fields)
    chosen = draw(st.lists(st.sampled_from(fields), unique_by=_slot, max_size=6)) if fields else []
    for field in chosen:
        _fill(draw, message, field, depth)
    return message


def _slot(field: FieldDescriptor) -> str:
    """Fields that exclude each other share a slot."""
    return field.containing_oneof.name if field.containing_oneof else field.name


def _fill(draw: st.DrawFn, message: Any, field: FieldDescriptor, depth: int) -> None:
    if field.message_type and depth == MAX_DEPTH:
        return
    if _is_map(field):
        key, value = field.message_type.fields_by_name["key"], field.message_type.fields_by_name["value"]
        for _ in range(draw(st.integers(1, 2))):
            _put(draw, getattr(message, field.name), draw(_value(key, depth)), value, depth)
    elif field.is_repeated:
        getattr(message, field.name).extend(draw(st.lists(_value(field, depth), max_size=2)))
    elif field.message_type:
        getattr(message, field.name).CopyFrom(draw(_value(field, depth)))
    else:
        setattr(message, field.name, draw(_value(field, depth)))


def _put(draw: st.DrawFn, items: Any, key: Any, value: FieldDescriptor, depth: int) -> None:
    if value.message_type:
        items[key].CopyFrom(draw(_value(value, depth)))
    else:
        items[key] = draw(_value(value, depth))


def _value(field: FieldDescriptor, depth: int) -> st.SearchStrategy[Any]:
    if field.message_type:
        return _sub_message(field.message_type, depth)
    if field.enum_type:
        return st.sampled_from([*(value.number for value in field.enum_type.values), 4711, -1])
    if field.type in _INTEGERS:
        low, high = _INTEGERS[field.type]
        return st.one_of(st.integers(max(low, -1), 300), st.integers(low, high))
    return _SCALARS[field.type]


def _sub_message(descriptor: Descriptor, depth: int) -> st.SearchStrategy[Message]:
    match descriptor.full_name:
        case "google.protobuf.Timestamp":
            seconds = st.integers(-62_135_596_800, 253_402_300_799)
            return st.builds(
                lambda s, micros: theirs(descriptor.full_name)(seconds=s, nanos=micros * 1000), seconds, _MICROS
            )
        case "google.protobuf.Duration":
            span = st.integers(-315_576_000_000, 315_576_000_000)
            return st.builds(
                lambda s, micros: theirs(descriptor.full_name)(seconds=s, nanos=micros * (1000 if s >= 0 else -1000)),
                span,
                _MICROS,
            )
        case "google.protobuf.Any":
            return st.builds(_packed, _filled("livekit.Codec", depth + 1))
        case name:
            return _filled(name, depth + 1)


def _packed(message: Message) -> Any:
    packed: Any = theirs("google.protobuf.Any")()
    packed.Pack(message)
    return packed


def _is_map(field: FieldDescriptor) -> bool:
    return bool(field.message_type and field.message_type.GetOptions().map_entry)


def json_text(message: Message) -> str:
    """Standard JSON, by protobuf's own printer."""
    return json_format.MessageToJson(message, indent=None, descriptor_pool=POOL)


def from_json(name: str, text: str | bytes) -> Message:
    """The message in standard JSON, by protobuf's own parser."""
    return json_format.Parse(text, theirs(name)(), descriptor_pool=POOL)


def twirp_tree(message: Any) -> Any:
    """What the Twirp JSON of a message has to be: the rules, spelled out over protobuf's reflection."""
    name = message.DESCRIPTOR.full_name
    if name == "google.protobuf.Any":
        packed = theirs(message.TypeName())()
        message.Unpack(packed)
        return {"@type": message.type_url} | twirp_tree(packed)
    if name.startswith("google.protobuf."):
        return json.loads(json_text(message))
    tree: dict[str, Any] = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if _is_map(field):
            part = field.message_type.fields_by_name["value"]
            tree[field.name] = {_map_key(key): _twirp_value(part, value[key]) for key in value}
        elif field.is_repeated:
            tree[field.name] = [_twirp_value(field, item) for item in value]
        elif not field.has_presence or message.HasField(field.name):
            tree[field.name] = _twirp_value(field, value)
        elif field.containing_oneof is None:
            tree[field.name] = None
    return tree


def _map_key(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _twirp_value(field: FieldDescriptor, value: Any) -> Any:
    """A single value as the standard JSON of a message that has nothing else."""
    if field.message_type:
        return twirp_tree(value)
    if field.enum_type:
        names = {known.number: known.name for known in reversed(field.enum_type.values)}
        return names.get(value, value)
    if field.type in {F.TYPE_INT64, F.TYPE_UINT64}:
        return str(value)
    if field.type == F.TYPE_BYTES:
        return json.loads(json_format.MessageToJson(theirs("livekit.UserPacket")(payload=value))).get("payload", "")
    if field.type in {F.TYPE_FLOAT, F.TYPE_DOUBLE} and abs(value) == float("inf"):
        return "Infinity" if value > 0 else "-Infinity"
    return value


__all__ = ["CLASSES", "from_json", "json_text", "messages", "pb", "theirs", "twirp_tree"]
