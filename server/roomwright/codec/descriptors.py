"""Reads a compiled schema (`FileDescriptorSet`) with no more machinery than that takes.

The schema is our own build product, so this reader trusts its input; the codecs for foreign input are elsewhere.
Message and enum descriptors are indexed by full name as raw bytes, and parsed when somebody asks for one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from roomwright.codec.varint import read_varint

KINDS: Final = {
    1: "double",
    2: "float",
    3: "int64",
    4: "uint64",
    5: "int32",
    6: "fixed64",
    7: "fixed32",
    8: "bool",
    9: "string",
    11: "message",
    12: "bytes",
    13: "uint32",
    14: "enum",
    15: "sfixed32",
    16: "sfixed64",
    17: "sint32",
    18: "sint64",
}
_REPEATED: Final = 3
_FIXED_SIZES: Final = {1: 8, 5: 4}
_LENGTH_DELIMITED: Final = 2


@dataclass(frozen=True, slots=True)
class FieldDescriptor:
    """One field as the .proto file declares it."""

    name: str
    number: int
    kind: str
    repeated: bool
    type_name: str
    json_name: str
    oneof: str | None
    explicit_presence: bool
    packed: bool


@dataclass(frozen=True, slots=True)
class MessageDescriptor:
    """One message; `fields` in the order of declaration."""

    name: str
    fields: tuple[FieldDescriptor, ...]
    map_entry: bool


@dataclass(slots=True)
class _Raw:
    """The fields of one descriptor message, by number, undecoded."""

    numbers: dict[int, int] = field(default_factory=dict[int, int])
    chunks: dict[int, list[bytes]] = field(default_factory=dict[int, list[bytes]])

    def text(self, number: int) -> str:
        found = self.chunks.get(number)
        return found[-1].decode() if found else ""

    def all(self, number: int) -> list[bytes]:
        return self.chunks.get(number, [])


def _tokens(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        wire_type = tag & 7
        if wire_type == _LENGTH_DELIMITED:
            size, at = read_varint(data, at)
            yield tag >> 3, data[at : at + size]
            at += size
        elif wire_type == 0:
            value, at = read_varint(data, at)
            yield tag >> 3, value
        else:
            at += _FIXED_SIZES[wire_type]


def _raw(data: bytes) -> _Raw:
    raw = _Raw()
    for number, value in _tokens(data):
        if isinstance(value, int):
            raw.numbers[number] = value
        else:
            raw.chunks.setdefault(number, []).append(value)
    return raw


def lower_camel(name: str) -> str:
    """The JSON name a field has when the schema does not state one."""
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def _field(data: bytes, oneofs: list[str], *, proto3: bool) -> FieldDescriptor:
    raw = _raw(data)
    name, kind = raw.text(1), KINDS[raw.numbers[5]]
    repeated = raw.numbers[4] == _REPEATED
    synthetic = bool(raw.numbers.get(17))
    in_oneof = 9 in raw.numbers and not synthetic
    stated_packed = [_raw(options).numbers.get(2) for options in raw.all(8)]
    packable = repeated and kind not in {"string", "bytes", "message"}
    return FieldDescriptor(
        name=name,
        number=raw.numbers[3],
        kind=kind,
        repeated=repeated,
        type_name=raw.text(6).removeprefix("."),
        json_name=raw.text(10) or lower_camel(name),
        oneof=oneofs[raw.numbers[9]] if in_oneof else None,
        explicit_presence=not repeated and (synthetic or in_oneof or not proto3),
        packed=packable and (bool(stated_packed[-1]) if stated_packed and stated_packed[-1] is not None else proto3),
    )


class DescriptorSet:
    """All messages and enums of a compiled schema, by full name (`livekit.Room`)."""

    def __init__(self, data: bytes) -> None:
        self._messages: dict[str, tuple[bytes, bool]] = {}
        self._enums: dict[str, bytes] = {}
        for file in _raw(data).all(1):
            raw = _raw(file)
            self._index(raw.text(2), raw.all(4), raw.all(5), proto3=raw.text(12) == "proto3")

    def __contains__(self, name: str) -> bool:
        return name in self._messages

    def message_names(self) -> list[str]:
        """Full names of all messages, map entries included."""
        return list(self._messages)

    def message(self, name: str) -> MessageDescriptor:
        """The message of that full name; `KeyError` when there is none."""
        data, proto3 = self._messages[name]
        raw = _raw(data)
        oneofs = [_raw(oneof).text(1) for oneof in raw.all(8)]
        fields = tuple(_field(chunk, oneofs, proto3=proto3) for chunk in raw.all(2))
        map_entry = any(_raw(options).numbers.get(7) for options in raw.all(7))
        return MessageDescriptor(name, fields, map_entry)

    def enum(self, name: str) -> list[tuple[str, int]]:
        """The values of the enum of that full name, aliases included, in the order of declaration."""
        values = [_raw(value) for value in _raw(self._enums[name]).all(2)]
        return [(value.text(1), _int32(value.numbers.get(2, 0))) for value in values]

    def _index(self, scope: str, messages: list[bytes], enums: list[bytes], *, proto3: bool) -> None:
        for data in enums:
            self._enums[f"{scope}.{_raw(data).text(1)}"] = data
        for data in messages:
            raw = _raw(data)
            name = f"{scope}.{raw.text(1)}"
            self._messages[name] = (data, proto3)
            self._index(name, raw.all(3), raw.all(4), proto3=proto3)


def _int32(value: int) -> int:
    """A varint as the signed 32-bit number it stands for."""
    return ((value & 0xFFFFFFFF) ^ 0x80000000) - 0x80000000
