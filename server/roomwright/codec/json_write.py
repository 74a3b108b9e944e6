"""Generates the functions that turn messages into trees which orjson prints.

`StandardJson` writes what every protobuf implementation reads; `TwirpJson` writes what LiveKit's server answers: the
schema's own field names and every field, default or not.
"""

from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import orjson

from roomwright.codec import json_scalars
from roomwright.codec.emit import Operation, Source
from roomwright.codec.enums import EnumNames
from roomwright.codec.errors import CodecError
from roomwright.codec.json_native import write_native
from roomwright.codec.json_special import SPECIAL_WRITERS
from roomwright.codec.schema import INTEGER_RANGES, Field, MessageType, Schema
from roomwright.codec.wellknown import NATIVES
from roomwright.codec.wire_decode import Decode
from roomwright.codec.wire_encode import Encode

_AS_IT_IS: Final = frozenset({"string", "bool"})
_NULL: Final = "google.protobuf.NullValue"

json_bytes: Final = orjson.dumps
"""Prints a tree."""


def _refuse() -> None:
    raise OverflowError


def _odd_integer(low: int, high: int, value: int) -> str:
    """The text of an integer that is of a subclass; anything else fails."""
    if low <= value <= high:
        return int.__repr__(value)
    raise OverflowError


def _second_member() -> None:
    raise CodecError("two members of a oneof are set")


class JsonWrite(Operation):
    """What both forms of JSON have in common: the values."""

    def __init__(self, schema: Schema, encode: Encode, decode: Decode) -> None:
        super().__init__(schema)
        self.encode = encode
        self.decode = decode
        self.constant("refuse", _refuse)
        self.constant("second_member", _second_member)
        for kind, (low, high) in INTEGER_RANGES.items():
            self.constant(f"odd_{kind}", partial(_odd_integer, low, high))
        for name in ("write_bytes", "write_double", "write_float", "write_map_key"):
            self.constant(name, getattr(json_scalars, name))
        self.constant("is_negative_zero", json_scalars.is_negative_zero)

    def native(self, message: MessageType) -> Callable[[Any], Any]:
        """The writer of a plain value."""
        return write_native(message.name)

    def function(self, message: MessageType) -> Callable[[Any], Any]:
        """The function of a type; some well-known types are written in a way of their own."""
        name = self.function_name(message)
        if message.is_native:
            value, write = NATIVES[message.name].value, self.native(message)

            def write_native_message(native: Any) -> Any:
                return write(value(native))

            self.namespace[name] = write_native_message
        elif message.name in SPECIAL_WRITERS:
            self.namespace[name] = SPECIAL_WRITERS[message.name](self)
        else:
            return super().function(message)
        return self.namespace[name]

    def write(self, message: MessageType, source: Source) -> None:
        """`<name>_<type>(message)`."""
        python = self.constant(message.identifier, message.python)
        with source.block(f"def {self.function_name(message)}(message):"):
            with source.block(f"if message.__class__ is not {python}:"):
                source.line("raise TypeError")
            for oneof in sorted({field.oneof for field in message.fields if field.oneof}):
                source.line(f"taken_{oneof} = False")
            self.write_fields(message, source)
            source.line("return tree")

    @abstractmethod
    def write_fields(self, message: MessageType, source: Source) -> None:
        """Fill a new dict `tree` from `message`."""

    def write_if_present(self, field: Field, key: str, condition: str, source: Source) -> None:
        """Put a field into the tree when it is there."""
        source.line(f"value = message.{field.attribute}")
        with source.block(f"if {condition}:"):
            self.write_oneof_check(field, source)
            source.line(f"tree[{key!r}] = {self.expression(field)}")

    def write_oneof_check(self, field: Field, source: Source) -> None:
        """Refuse the second member of a oneof."""
        if field.oneof:
            source.line(f"if taken_{field.oneof}:", "    second_member()", f"taken_{field.oneof} = True")

    def expression(self, field: Field) -> str:
        """The JSON form of the field's `value`; just `value` when orjson prints it as it is."""
        if field.entry:
            return self._map(field.entry)
        if field.repeated:
            item = self._single(field, "item")
            return "value" if item == "item" else f"[{item} for item in value]"
        return self._single(field, "value")

    def message_form(self, message: MessageType, value: str) -> str:
        """The JSON form of a sub-message."""
        return f"{self.reference(message.name)}({value})"

    def _map(self, entry: MessageType) -> str:
        key_field, value_field = entry.fields
        key = "key" if key_field.kind == "string" else "write_map_key(key)"
        item = self._single(value_field, "item")
        return "value" if (key, item) == ("key", "item") else f"{{{key}: {item} for key, item in value.items()}}"

    def _single(self, field: Field, value: str) -> str:
        kind = field.kind
        if kind in _AS_IT_IS:
            return value
        if kind in INTEGER_RANGES:
            low, high = INTEGER_RANGES[kind]
            if "64" not in kind:
                return f"{value} if {low} <= {value} <= {high} else refuse()"
            in_range = f"{value}.__class__ is int and {low} <= {value} <= {high}"
            return f"f'{{{value}}}' if {in_range} else odd_{kind}({value})"
        if kind == "enum":
            return f"{self._names(field)}[{value}]"
        if kind == "message":
            return self.message_form(self.schema.named(field.type_name), value)
        return f"write_{kind}({value})"

    def _names(self, field: Field) -> str:
        names = {0: None} if field.type_name == _NULL else EnumNames(self.schema.enum_values(field.type_name))
        return self.constant(f"NAMES_{field.type_identifier}", names)


class StandardJson(JsonWrite):
    """lowerCamelCase keys, and only the fields that are not at their default."""

    name = "json"

    def write_fields(self, message: MessageType, source: Source) -> None:
        """One condition per field."""
        source.line("tree = {}")
        for field in message.fields:
            condition = "value is not None" if field.explicit else "value"
            if field.kind in {"float", "double"} and not field.repeated and not field.explicit:
                condition = "value or is_negative_zero(value)"
            self.write_if_present(field, field.json_name, condition, source)


class TwirpJson(JsonWrite):
    """The schema's own names as keys, and every field in the order of declaration.

    A message's attributes are in that order and have those names already, so the tree starts as a copy of them, and
    only what JSON writes differently is replaced. orjson prints dataclasses too: a message of nothing but strings,
    bools and containers of such stays as it is. The types of what is printed as it is are not checked.
    """

    name = "twirp"

    def write_fields(self, message: MessageType, source: Source) -> None:
        """One statement for each field that is not printed as is."""
        source.line("attributes = message.__dict__")
        if _has_own_names(message):
            source.line("tree = attributes.copy()", "del tree['_unknown_fields']")
        else:
            members = ", ".join(f"{field.name!r}: attributes[{field.attribute!r}]" for field in message.fields)
            source.line(f"tree = {{{members}}}")
        self._write_unsigned_check(message, source)
        for field in message.fields:
            self._write_field(field, source)

    def _write_unsigned_check(self, message: MessageType, source: Source) -> None:
        """All unsigned 32-bit fields at once: a sign, or a bit above the 32nd, in any of them shows in their union."""
        unsigned = [f"attributes[{field.attribute!r}]" for field in message.fields if _is_plain_unsigned(field)]
        if unsigned:
            source.line(f"if not 0 <= {' | '.join(unsigned)} <= 0xFFFFFFFF:", "    refuse()")

    def _write_field(self, field: Field, source: Source) -> None:
        written, may_be_left_out = self.expression(field), field.optional or field.oneof is not None
        if _is_plain_unsigned(field) or (written == "value" and not may_be_left_out):
            return
        source.line(f"value = attributes[{field.attribute!r}]")
        if may_be_left_out:
            source.line("if value is None:", f"    del tree[{field.name!r}]")
            with source.block("else:"):
                self.write_oneof_check(field, source)
                source.line(f"tree[{field.name!r}] = {written}")
        elif field.kind == "message" and not field.repeated:
            source.line("if value is not None:", f"    tree[{field.name!r}] = {written}")
        else:
            source.line(f"tree[{field.name!r}] = {written}")

    def message_form(self, message: MessageType, value: str) -> str:
        """A sub-message: as it is, if orjson prints the dataclass as Twirp has it."""
        return value if self._prints_itself(message, ()) else super().message_form(message, value)

    def _prints_itself(self, message: MessageType, outer: tuple[str, ...]) -> bool:
        if message.name in outer or message.is_native or message.name in SPECIAL_WRITERS:
            return False
        if not _has_own_names(message):
            return False
        return all(self._field_prints_itself(field, (*outer, message.name)) for field in message.fields)

    def _field_prints_itself(self, field: Field, outer: tuple[str, ...]) -> bool:
        if field.optional or field.oneof:
            return False
        if field.entry:
            return all(self._field_prints_itself(part, outer) and part.kind == "string" for part in field.entry.fields)
        if field.kind == "message":
            return self._prints_itself(self.schema.named(field.type_name), outer)
        return field.kind in _AS_IT_IS


def _has_own_names(message: MessageType) -> bool:
    return all(field.name == field.attribute for field in message.fields)


def _is_plain_unsigned(field: Field) -> bool:
    return field.kind in {"uint32", "fixed32"} and not field.repeated and not field.explicit
