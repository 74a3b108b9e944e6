"""Generates the functions that turn protobuf-encoded bytes into messages.

`decode_<type>(data, depth)` returns a message in which every attribute is set. A value waits in a local variable
`field_<name>` until the data is read; sub-messages wait as bytes (`chunk_<name>`), because a sub-message that is sent
in several pieces is the one that all pieces together encode. A oneof has one value, and the name of its set member.
"""

import struct
from collections.abc import Callable
from typing import Any, Final

from roomwright.codec import varint
from roomwright.codec.emit import Source
from roomwright.codec.errors import CodecError
from roomwright.codec.schema import Field, MessageType, Schema
from roomwright.codec.wellknown import NATIVES
from roomwright.codec.wire_kinds import LENGTH_DELIMITED, wire_types
from roomwright.codec.wire_values import ValueReading

_LEAF_SIZE: Final = 2
_TWO_BYTE_TAG: Final = 128


def _merge(first: "bytes | bytearray", more: bytes) -> bytearray:
    """One more piece of a sub-message; in place from the third one on, so that many pieces take linear time.

    No field may reach from one piece into the next, so each of them has to be complete.
    """
    varint.check_complete(more)
    if isinstance(first, bytearray):
        first += more
        return first
    varint.check_complete(first)
    return bytearray(first + more)


def _located(error: Exception, attribute: str | None) -> CodecError:
    """What went wrong while a field was read, as a `CodecError` that names the field."""
    if isinstance(error, UnicodeDecodeError):
        error = CodecError("a string is not valid UTF-8")
    elif not isinstance(error, CodecError):
        error = varint.truncated()
    return error.inside(attribute) if attribute else error


class Decode(ValueReading):
    """Bytes to messages."""

    name = "decode"

    def __init__(self, schema: Schema) -> None:
        super().__init__(schema)
        self.constant("skip", varint.skip)
        self.constant("too_deep", varint.too_deep)
        self.constant("merge", _merge)
        self.constant("located", _located)
        self.constant("new", object.__new__)
        self.constant("READ_ERRORS", (CodecError, UnicodeDecodeError, IndexError, struct.error))

    def native(self, message: MessageType) -> Callable[[bytes, int], Any]:
        """Decode the message, then take its value."""
        value, decode = NATIVES[message.name].value, self.call(message)
        return lambda data, depth: value(decode(data, depth))

    def write(self, message: MessageType, source: Source) -> None:
        """`decode_<type>(data, depth)`; for a map entry it returns key and value."""
        names = {field.number << 3 | wire: field.name for field in message.fields for wire in wire_types(field)}
        names_constant = self.constant(f"NAMES_{message.identifier}", names)
        with source.block(f"def {self.function_name(message)}(data, depth):"):
            source.line("if depth < 0:", "    raise too_deep()")
            self._write_defaults(message, source)
            source.line("unknown = None", "end = len(data)", "at = tag = 0")
            with source.block("try:"):
                self._write_loop(message, source)
                self._write_sub_messages(message, source)
            source.line(
                "except READ_ERRORS as error:", f"    raise located(error, {names_constant}.get(tag)) from None"
            )
            self._write_result(message, source)

    def _write_defaults(self, message: MessageType, source: Source) -> None:
        for field in message.fields:
            if field.oneof:
                continue
            if _is_single_message(field):
                source.line(f"chunk_{field.name} = None")
            source.line(f"field_{field.name} = {self._default(field)}")
        for oneof in _oneofs(message):
            source.line(f"member_{oneof} = value_{oneof} = decode_{oneof} = None", f"tag_{oneof} = 0")

    def _default(self, field: Field) -> str:
        if field.enum and not field.explicit and not field.repeated:
            return self.constant(f"ZERO_{field.type_identifier}", field.enum(0))
        return repr(field.default)

    def _write_loop(self, message: MessageType, source: Source) -> None:
        with source.block("while at < end:"):
            source.line("start = at", "tag = data[at]", "at += 1")
            with source.block("if tag > 127:"):
                if any(field.number > 15 for field in message.fields):
                    # a tag of two bytes, the usual one from field 16 on
                    source.line("tag += (data[at] << 7) - 128", "at += 1")
                    with source.block("if tag > 16383:"):
                        source.line("tag, at = read_tag(data, start)")
                else:
                    source.line("tag, at = read_tag(data, start)")
            cases = [(field.number << 3 | wire, field) for field in message.fields for wire in wire_types(field)]
            self._write_dispatch(sorted(cases, key=lambda case: case[0]), source)

    def _write_dispatch(self, cases: list[tuple[int, Field]], source: Source) -> None:
        """A binary search for the tag."""
        if len(cases) > _LEAF_SIZE:
            middle = len(cases) // 2
            with source.block(f"if tag < {cases[middle][0]}:"):
                self._write_dispatch(cases[:middle], source)
            with source.block("else:"):
                self._write_dispatch(cases[middle:], source)
            return
        for index, (tag, field) in enumerate(cases):
            with source.block(f"{'elif' if index else 'if'} tag == {tag}:  # {field.name}"):
                self._write_case(tag, field, source)
        if not cases:
            self._write_unknown(source)
            return
        with source.block("else:"):
            self._write_unknown(source)

    def _write_unknown(self, source: Source) -> None:
        source.line("at = skip(data, at, tag, depth)", "if unknown is None:", "    unknown = []")
        source.line("unknown.append(data[start:at])")

    def _write_case(self, tag: int, field: Field, source: Source) -> None:
        if tag & 7 == 2 and field.kind not in LENGTH_DELIMITED:
            self.write_packed(field, source)
            return
        value = self.write_read(field, source)
        if field.entry:
            source.line(f"key, value = {self.reference(field.entry.name)}({value}, depth - 1)")
            source.line(f"field_{field.name}[key] = value")
        elif field.repeated:
            item = f"{self.reference(field.type_name)}({value}, depth - 1)" if field.kind == "message" else value
            source.line(f"field_{field.name}.append({item})")
        elif field.oneof:
            self._write_member(tag, field, value, source)
        elif field.kind == "message":
            chunk = f"chunk_{field.name}"
            source.line(f"{chunk} = {value} if {chunk} is None else merge({chunk}, {value})")
        else:
            source.line(f"field_{field.name} = {value}")

    def _write_member(self, tag: int, field: Field, value: str, source: Source) -> None:
        oneof, decoder = field.oneof, "None"
        if field.kind == "message":
            decoder = self.reference(field.type_name)
            with source.block(f"if member_{oneof} == {field.attribute!r}:"):
                source.line(f"value_{oneof} = merge(value_{oneof}, {value})")
            with source.block("else:"):
                self._write_replacement(oneof, value, source)
        else:
            self._write_replacement(oneof, value, source)
        source.line(f"member_{oneof} = {field.attribute!r}", f"decode_{oneof} = {decoder}", f"tag_{oneof} = {tag}")

    def _write_replacement(self, oneof: str | None, value: str, source: Source) -> None:
        """Let one member of a oneof take the place of another, which has to be well-formed all the same."""
        with source.block(f"if decode_{oneof} is not None:"):
            source.line(f"decode_{oneof}(bytes(value_{oneof}), depth - 1)")
        source.line(f"value_{oneof} = {value}")

    def _write_sub_messages(self, message: MessageType, source: Source) -> None:
        """Decode the sub-messages, now that all their pieces are there."""
        for field in filter(_is_single_message, message.fields):
            if field.oneof:
                continue
            with source.block(f"if chunk_{field.name} is not None:"):
                source.line(f"tag = {field.number << 3 | 2}")
                source.line(
                    f"field_{field.name} = {self.reference(field.type_name)}(bytes(chunk_{field.name}), depth - 1)"
                )
        for oneof in _oneofs(message):
            with source.block(f"if decode_{oneof} is not None:"):
                source.line(f"tag = tag_{oneof}", f"value_{oneof} = decode_{oneof}(bytes(value_{oneof}), depth - 1)")

    def _write_result(self, message: MessageType, source: Source) -> None:
        if message.is_entry:
            value = message.fields[1]
            if value.kind == "message":
                with source.block("if chunk_value is None:"):
                    source.line(f"field_value = {self.reference(value.type_name)}(b'', depth - 1)")
            source.line("return field_key, field_value")
            return
        python = self.constant(message.identifier, message.python)
        source.line(f"message = new({python})")
        for field in message.fields:
            source.line(f"message.{field.attribute} = {'None' if field.oneof else f'field_{field.name}'}")
        source.line("message._unknown_fields = b'' if unknown is None else b''.join(unknown)")
        for oneof in _oneofs(message):
            source.line(f"if member_{oneof}:", f"    setattr(message, member_{oneof}, value_{oneof})")
        source.line("return message")


def _is_single_message(field: Field) -> bool:
    return field.kind == "message" and not field.repeated


def _oneofs(message: MessageType) -> list[str]:
    return sorted({field.oneof for field in message.fields if field.oneof})
