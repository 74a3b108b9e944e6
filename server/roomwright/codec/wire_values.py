"""Generates the statements that read single values: the part of decoding that knows the kinds, not the messages.

The statements work on `data`, move `at`, and know the `end`; what they leave in `value`, `body` or `stop` is for the
next statement only.
"""

import struct

from roomwright.codec import varint
from roomwright.codec.emit import Operation, Source
from roomwright.codec.enums import EnumMembers
from roomwright.codec.schema import Field, Schema
from roomwright.codec.wire_kinds import FIXED_FORMATS, LENGTH_DELIMITED


class ValueReading(Operation):
    """An operation whose functions read protobuf data."""

    def __init__(self, schema: Schema) -> None:
        super().__init__(schema)
        for kind in ("int32", "int64", "uint32", "uint64", "sint32", "sint64"):
            self.constant(f"as_{kind}", getattr(varint, f"as_{kind}"))
        for kind, form in FIXED_FORMATS.items():
            self.constant(f"unpack_{kind}", struct.Struct(form).unpack_from)
            self.constant(f"iterate_{kind}", struct.Struct(form).iter_unpack)
        for name in ("read_varint", "read_tag", "truncated"):
            self.constant(name, getattr(varint, name))

    def write_read(self, field: Field, source: Source) -> str:
        """Read one value, and return the expression that has it."""
        if field.kind in LENGTH_DELIMITED:
            self._write_length(source)
            source.line("body = data[at:stop]", "at = stop")
            return "body.decode()" if field.kind == "string" else "body"
        if field.kind in FIXED_FORMATS:
            source.line(f"value = unpack_{field.kind}(data, at)[0]")
            source.line(f"at += {struct.calcsize(FIXED_FORMATS[field.kind])}")
            return "value"
        self._write_varint(field, source)
        return self._varint_value(field)

    def _write_varint(self, field: Field, source: Source) -> None:
        source.line("value = data[at]", "at += 1")
        with source.block("if value > 127:"):
            source.line("value, at = read_varint(data, at - 1)")
            if field.kind not in {"bool", "enum", "sint32", "sint64"}:
                source.line(f"value = as_{field.kind}(value)")

    def _varint_value(self, field: Field) -> str:
        if field.kind == "bool":
            return "value != 0"
        if field.kind.startswith("sint"):
            return f"as_{field.kind}(value)"
        if field.enum:
            return f"{self.constant(f'MEMBERS_{field.type_identifier}', EnumMembers(field.enum))}[value]"
        return "value"

    def _write_length(self, source: Source) -> None:
        source.line("size = data[at]", "at += 1", "if size > 127:", "    size, at = read_varint(data, at - 1)")
        source.line("stop = at + size", "if stop > end:", "    raise truncated()")

    def write_packed(self, field: Field, source: Source) -> None:
        """Read numbers that are sent in one piece, and add them to the field's list."""
        self._write_length(source)
        if field.kind in FIXED_FORMATS:
            source.line(f"field_{field.name}.extend([v for (v,) in iterate_{field.kind}(data[at:stop])])", "at = stop")
            return
        with source.block("while at < stop:"):
            self._write_varint(field, source)
            source.line(f"field_{field.name}.append({self._varint_value(field)})")
        source.line("if at > stop:", "    raise truncated()")
