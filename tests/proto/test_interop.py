"""Messages written by livekit-protocol are read by the generated classes, and the other way round: every message.

Each message is built twice from the same plain values, once on each side, so neither side is judged by itself.
"""

import datetime

import pytest
from google.protobuf import message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto
from grpclib.const import Cardinality

from roomwright.codec import decode, encode
from roomwright_proto import livekit
from roomwright_proto.message_pool import default_message_pool

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")

MAX_DEPTH = 3
MIN_VARIANTS = 6
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)

FieldType = FieldDescriptorProto.Type

I32, I64, U32, U64 = (-(2**31), 2**31 - 1), (-(2**63), 2**63 - 1), (2**32 - 1,), (2**64 - 1,)
SCALARS = {
    "TYPE_DOUBLE": (0.0, 1.5, -(2.0**-1074), 1e300, float("inf")),
    "TYPE_FLOAT": (0.0, -0.5, 2.0**100, float("-inf")),
    "TYPE_INT32": (0, 1, -1, *I32),
    "TYPE_INT64": (0, 127, 128, -1, *I64),
    "TYPE_UINT32": (0, 1, 300, *U32),
    "TYPE_UINT64": (0, 1, 2**53 + 1, *U64),
    "TYPE_BOOL": (False, True),
    "TYPE_STRING": ("", "a", "a\u2028\0b", "žluťoučký 🐎", "x" * 200),
    "TYPE_BYTES": (b"", b"\0", b"\xff\xfe", bytes(range(256))),
}
# Microseconds: what Python's own times hold.
TIMES = (0, 1, -1, 1_795_000_000_123_456)
TIME_TYPES = ("google.protobuf.Timestamp", "google.protobuf.Duration")


def scalar_of(field, n: int):
    if field.enum_type:
        numbers = [value.number for value in field.enum_type.values]
        return numbers[n % len(numbers)]
    choices = SCALARS[FieldType.Name(field.type)]
    return choices[n % len(choices)]


def single(field, n: int, depth: int):
    """One value for a field, whatever its label; None where the tree ends."""
    if not field.message_type:
        return scalar_of(field, n)
    if field.message_type.full_name in TIME_TYPES:
        return TIMES[n % len(TIMES)]
    return None if depth == 0 else values_of(field.message_type, n, depth - 1)


def is_map(field) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def value_of(field, n: int, depth: int):
    if is_map(field):
        key, value = field.message_type.fields
        return {scalar_of(key, n + i): single(value, n + i, max(depth, 1)) for i in range(2)}
    if field.is_repeated:
        return [value for i in range(3) if (value := single(field, n + i, depth)) is not None]
    return single(field, n, depth)


def chosen(field, n: int) -> bool:
    """Of a oneof, one member a variant; of everything else, all."""
    members = [member.number for member in field.containing_oneof.fields] if field.containing_oneof else [field.number]
    return members[n % len(members)] == field.number


def values_of(message, n: int, depth: int = MAX_DEPTH) -> dict:
    """The n-th sample as plain values, keyed by field number."""
    picked = {field.number: value_of(field, n + field.number, depth) for field in message.fields if chosen(field, n)}
    return {number: value for number, value in picked.items() if value is not None}


def samples(message) -> list[dict]:
    """The empty message, then as many variants as its largest oneof or the boundary values need."""
    variants = max([MIN_VARIANTS, *(len(oneof.fields) for oneof in message.oneofs)])
    return [{}, *(values_of(message, n) for n in range(variants))]


def single_theirs(field, value):
    if not field.message_type:
        return value
    if field.message_type.full_name in TIME_TYPES:
        time = message_factory.GetMessageClass(field.message_type)()
        time.FromMicroseconds(value)
        return time
    return as_theirs(field.message_type, value)


def fill_map(target, field, values: dict) -> None:
    part = field.message_type.fields_by_name["value"]
    for key, value in values.items():
        if part.message_type:
            target[key].CopyFrom(single_theirs(part, value))
        else:
            target[key] = value


def as_theirs(message, values: dict):
    built = message_factory.GetMessageClass(message)()
    for number, value in values.items():
        field = message.fields_by_number[number]
        target = getattr(built, field.name)
        if is_map(field):
            fill_map(target, field, value)
        elif field.is_repeated:
            target.extend(single_theirs(field, item) for item in value)
        elif field.message_type:
            target.CopyFrom(single_theirs(field, value))
            target.SetInParent()  # an empty message is present too
        else:
            setattr(built, field.name, value)
    return built


def class_of(message) -> type:
    return default_message_pool.url_to_type[f"type.googleapis.com/{message.full_name}"]


def single_ours(field, value):
    if not field.message_type:
        return value
    match field.message_type.full_name:
        case "google.protobuf.Timestamp":
            return EPOCH + datetime.timedelta(microseconds=value)
        case "google.protobuf.Duration":
            return datetime.timedelta(microseconds=value)
    return as_ours(field.message_type, value)


def as_ours(message, values: dict):
    attributes = {}
    for number, value in values.items():
        field = message.fields_by_number[number]
        name = class_of(message)._betterproto.field_name_by_number[number]
        if is_map(field):
            part = field.message_type.fields_by_name["value"]
            attributes[name] = {key: single_ours(part, item) for key, item in value.items()}
        elif field.is_repeated:
            attributes[name] = [single_ours(field, item) for item in value]
        else:
            attributes[name] = single_ours(field, value)
    return class_of(message)(**attributes)


# The entries of maps are messages only on the wire and have no class.
MESSAGES = sorted(
    name for url in default_message_pool.url_to_type if (name := url.rpartition("/")[2])[:8] == "livekit."
)


def nested(messages) -> set[str]:
    messages = list(messages)
    declared = {message.full_name for message in messages if not message.GetOptions().map_entry}
    return declared.union(*(nested(message.nested_types) for message in messages))


def test_every_message_of_the_schema_has_a_class(ours, schema_files):
    """So that the tests below leave none out."""
    files = (ours.FindFileByName(name) for name in schema_files)
    declared = nested(message for file in files for message in file.message_types_by_name.values())
    assert declared == set(MESSAGES)


@pytest.mark.parametrize("name", MESSAGES)
def test_what_one_side_writes_the_other_reads(ours, theirs, name):
    message, wheel = ours.FindMessageTypeByName(name), theirs.FindMessageTypeByName(name)
    for values in samples(message):
        mine, official = as_ours(message, values), as_theirs(wheel, values)
        assert decode(class_of(message), official.SerializeToString()) == mine
        assert message_factory.GetMessageClass(wheel).FromString(encode(mine)) == official


def enum_names(enum: type) -> dict[int, str]:
    """Numbers and published names of a generated enum, whose members may be named otherwise for Python's sake."""
    renamed = getattr(enum, "betterproto_value_to_renamed_proto_names", dict)()
    return {member.value: renamed.get(member.value, member.name) for member in enum}


@pytest.mark.parametrize("name", MESSAGES)
def test_enum_fields_have_every_value_under_its_name(ours, name):
    message = ours.FindMessageTypeByName(name)
    facts = class_of(message)._betterproto
    for field in (field for field in message.fields if field.enum_type):
        enum = facts.cls_by_field[facts.field_name_by_number[field.number]]
        assert enum_names(enum) == {value.number: value.name for value in field.enum_type.values}


@pytest.mark.parametrize("name", ["RoomService", "AgentDispatchService", "Egress", "Ingress", "SIP"])
def test_service_bases_have_every_method_with_its_types(ours, name):
    service = ours.FindServiceByName(f"livekit.{name}")
    base = getattr(livekit, f"{name.capitalize() if name.isupper() else name}Base")
    handlers = {
        route: (handler.cardinality, handler.request_type, handler.reply_type)
        for route, handler in base().__mapping__().items()
    }
    assert handlers == {
        f"/{service.full_name}/{method.name}": (
            Cardinality.UNARY_UNARY,
            class_of(method.input_type),
            class_of(method.output_type),
        )
        for method in service.methods
    }
