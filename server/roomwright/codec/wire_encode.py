"""Generates the functions that turn a message into its protobuf encoding.

`encode_<type>(message)` returns bytes. The functions assume a well-formed message and do only the checks that cost
nothing; whatever is wrong surfaces as some exception, and `explain` then finds out what it was.
"""

import struct
from collections.abc import Callable
from typing import Any, Final, cast

from roomwright.codec import varint
from roomwright.codec.emit import Operation, Source
from roomwright.codec.errors import CodecError
from roomwright.codec.json_scalars import is_negative_zero
from roomwright.codec.schema import Field, MessageType, Schema
from roomwright.codec.shared import Shared
from roomwright.codec.wellknown import NATIVES
from roomwright.codec.wire_kinds import FIXED_FORMATS, LENGTH_DELIMITED, wire_type

_SMALL_MESSAGE: Final = 4
_VARINT_KINDS: Final = {"enum": "int32"}


def _octets(value: Any) -> bytes:
    """Bytes of a bytes field that are not a `bytes` object."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(cast("bytes", value))
    raise TypeError


def _second_member() -> None:
    raise CodecError("two members of a oneof are set")


def _encode_shared(value: "Shared[Any]", key: object, encode: Callable[[Any], bytes], message: Any) -> bytes:
    """Encode a shared list once: as a message of that type which holds nothing else."""
    encoded = value.encodings[key] = encode(message)
    return encoded


class Encode(Operation):
    """Messages to bytes."""

    name = "encode"

    def __init__(self, schema: Schema) -> None:
        super().__init__(schema)
        for kind in ("int32", "int64", "uint32", "uint64", "sint32", "sint64"):
            self.constant(kind, getattr(varint, kind))
        for kind, form in FIXED_FORMATS.items():
            self.constant(f"pack_{kind}", struct.Struct(form).pack)
        self.constant("varint", varint.varint)
        self.constant("octets", _octets)
        self.constant("is_negative_zero", is_negative_zero)
        self.constant("second_member", _second_member)
        self.constant("Shared", Shared)
        self.constant("encode_shared", _encode_shared)
        self.constant("BOOLS", {False: b"\0", True: b"\1"})

    def native(self, message: MessageType) -> Callable[[Any], bytes]:
        """Wrap the value into its message and encode that."""
        fields_of, encode, python = NATIVES[message.name].fields, self.call(message), message.python
        return lambda value: encode(python(**fields_of(value)))

    def write(self, message: MessageType, source: Source) -> None:
        """`encode_<type>(message)`, or `encode_<type>(key, value)` for a map entry."""
        parameters = "key, value" if message.is_entry else "message"
        put = "out += {}" if _is_small(message) else "add({})"
        with source.block(f"def {self.function_name(message)}({parameters}):"):
            if put == "add({})":
                source.line("parts = []", "add = parts.append")
            else:
                source.line("out = b''")
            if message.is_entry:
                self._write_value(message.fields[0], "key", put, source)
                self._write_value(message.fields[1], "value", put, source)
            else:
                self._write_message(message, put, source)
            source.line("return b''.join(parts)" if put == "add({})" else "return out")

    def _write_message(self, message: MessageType, put: str, source: Source, name: str = "message") -> None:
        """Put every field of the message that generated code calls `name`."""
        python = self.constant(message.identifier, message.python)
        source.line(f"if {name}.__class__ is not {python}:", "    raise TypeError")
        for oneof in sorted({field.oneof for field in message.fields if field.oneof}):
            source.line(f"taken_{oneof} = False")
        for field in message.by_number:
            source.line(f"value = {name}.{field.attribute}  # {field.name}")
            condition = "if"
            if field.repeated and field.kind == "message" and not field.entry:
                source.line("if value.__class__ is Shared:", f"    {put.format(self._shared(message, field))}")
                condition = "elif"
            with source.block(f"{condition} {_presence(field)}:"):
                self._write_present(field, put, source)
        source.line(f"if {name}._unknown_fields:", f"    {put.format(f'{name}._unknown_fields')}")

    def _write_present(self, field: Field, put: str, source: Source) -> None:
        if field.oneof:
            source.line(f"if taken_{field.oneof}:", "    second_member()", f"taken_{field.oneof} = True")
        if field.entry:
            with source.block("for key, item in value.items():"):
                source.line(f"body = {self.reference(field.entry.name)}(key, item)")
                self._write_body(field, put, source)
        elif field.packed:
            source.line(f"body = {self._packed(field)}")
            self._write_body(field, put, source)
        elif field.repeated:
            with source.block("for item in value:"):
                self._write_item(field, put, source)
        else:
            self._write_value(field, "value", put, source)

    def _shared(self, message: MessageType, field: Field) -> str:
        """The encoding of a list that many messages hold: `value` is one."""
        key = self.constant(f"KEY_{message.identifier}_{field.number}", object())
        alone = f"{message.identifier}({field.attribute}=[*value])"
        first = f"encode_shared(value, {key}, {self.function_name(message)}, {alone})"
        return f"value.encodings[{key}] if {key} in value.encodings else {first}"

    def _write_item(self, field: Field, put: str, source: Source) -> None:
        """Add one item of a list; a small message is written in place, which saves a call for each."""
        message = self.schema.named(field.type_name) if field.kind == "message" else None
        if message is None or message.is_native or not _is_small(message) or any(f.oneof for f in message.fields):
            self._write_value(field, "item", put, source)
            return
        source.line("out = b''")
        self._write_message(message, "out += {}", source, "item")
        source.line("body = out")
        self._write_body(field, put, source)

    def _write_value(self, field: Field, value: str, put: str, source: Source) -> None:
        """Add the tag and one value; `put` is the statement that adds bytes."""
        kind = field.kind
        if kind in LENGTH_DELIMITED:
            source.line(f"body = {self._body(field, value)}")
            self._write_body(field, put, source)
            return
        if kind in FIXED_FORMATS:
            encoded = f"{self._tag(field)} + pack_{kind}({value})"
        elif kind == "bool":
            encoded = f"{self._bools(field)}[{value}]"
        elif kind.startswith("sint"):
            encoded = f"{self._tag(field)} + {kind}({value})"
        else:
            large = f"{self._tag(field)} + {_VARINT_KINDS.get(kind, kind)}({value})"
            encoded = f"{self._small(field)}[{value}] if -1 < {value} < 128 else {large}"
        source.line(put.format(encoded))

    def _write_body(self, field: Field, put: str, source: Source) -> None:
        """Add the tag, the length of `body`, and `body`."""
        start = f"{self._prefixes(field)}[size] if size < 128 else {self._tag(field, 2)} + varint(size)"
        source.line("size = len(body)", put.format(start), put.format("body"))

    def _body(self, field: Field, value: str) -> str:
        if field.kind == "string":
            return f"{value}.encode()"
        if field.kind == "bytes":
            return f"{value} if {value}.__class__ is bytes else octets({value})"
        return f"{self.reference(field.type_name)}({value})"

    def _packed(self, field: Field) -> str:
        if field.kind in FIXED_FORMATS:
            return f"b''.join(map(pack_{field.kind}, value))"
        if field.kind == "bool":
            return "b''.join([BOOLS[item] for item in value])"
        return f"b''.join(map({_VARINT_KINDS.get(field.kind, field.kind)}, value))"

    def _tag(self, field: Field, wire: int | None = None) -> str:
        tag = field.number << 3 | (wire_type(field.kind) if wire is None else wire)
        return self.constant(f"TAG_{tag}", varint.varint(tag))

    def _prefixes(self, field: Field) -> str:
        """A table: tag and length, for every length that takes one byte."""
        tag = field.number << 3 | 2
        name = f"PREFIX_{tag}"
        if name in self.namespace:
            return name
        return self.constant(name, [varint.varint(tag) + bytes((size,)) for size in range(128)])

    def _small(self, field: Field) -> str:
        """A table: tag and value, for every number that takes one byte."""
        tag = field.number << 3
        name = f"SMALL_{tag}"
        if name in self.namespace:
            return name
        return self.constant(name, [varint.varint(tag) + bytes((value,)) for value in range(128)])

    def _bools(self, field: Field) -> str:
        tag = varint.varint(field.number << 3)
        return self.constant(f"BOOL_{field.number}", {False: tag + b"\0", True: tag + b"\1"})


def _is_small(message: MessageType) -> bool:
    """Whether putting few pieces together one by one is faster than collecting them in a list."""
    return len(message.fields) <= _SMALL_MESSAGE and not any(field.repeated for field in message.fields)


def _presence(field: Field) -> str:
    """The condition under which a field is sent."""
    if field.explicit:
        return "value is not None"
    if field.kind in {"float", "double"} and not field.repeated:
        return "value or is_negative_zero(value)"
    return "value"
