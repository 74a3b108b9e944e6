"""Generates the functions that turn messages into trees which orjson prints.

`StandardJson` writes what every protobuf implementation reads; `TwirpJson` writes what LiveKit's server answers: the
schema's own field names and every field, default or not.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Final

import orjson

from roomwright.codec import json_scalars
from roomwright.codec.emit import Operation, Source
from roomwright.codec.enums import EnumNames
from roomwright.codec.errors import CodecError
from roomwright.codec.json_special import SPECIAL_WRITERS, write_native
from roomwright.codec.schema import INTEGER_RANGES, Field, MessageType, Schema
from roomwright.codec.wellknown import NATIVES
from roomwright.codec.wire_decode import Decode
from roomwright.codec.wire_encode import Encode

_AS_IT_IS: Final = frozenset({"string", "bool"})
_NULL: Final = "google.protobuf.NullValue"

json_bytes: Final = orjson.dumps
"""Prints a tree."""


def _refuse(*_: object) -> None:
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
        self.constant("int_text", int.__repr__)
        for name in ("write_bytes", "write_double", "write_float", "write_map_key"):
            self.constant(name, getattr(json_scalars, name))
        self.constant("is_negative_zero", lambda value: str(value).startswith("-0"))

    def native(self, message: MessageType) -> Callable[[Any], Any]:
        """The writer of a plain value."""
        return write_native(message.name)

    def function(self, message: MessageType) -> Callable[[Any], Any]:
        """The function of a type; some well-known types are written in a way of their own."""
        name = self.function_name(message)
        if message.is_native:
            value, write = NATIVES[message.name].value, self.native(message)
            self.namespace[name] = lambda native: write(value(native))
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
            if field.oneof:
                source.line(f"if taken_{field.oneof}:", "    second_member()", f"taken_{field.oneof} = True")
            source.line(f"tree[{key!r}] = {self.expression(field, 'value', 'value')}")

    def expression(self, field: Field, first: str, value: str) -> str:
        """The JSON form of a field's value; `first` is evaluated first, later on `value` stands for the same."""
        if field.entry:
            return self._map(field.entry, first)
        if field.repeated:
            item = self._single(field, "item", "item")
            return first if item == "item" else f"[{item} for item in {first}]"
        return self._single(field, first, value)

    def _map(self, entry: MessageType, first: str) -> str:
        key_field, value_field = entry.fields
        key = "key" if key_field.kind == "string" else "write_map_key(key)"
        item = self._single(value_field, "item", "item")
        if (key, item) == ("key", "item"):
            return first
        return f"{{{key}: {item} for key, item in {first}.items()}}"

    def _single(self, field: Field, first: str, value: str) -> str:
        kind = field.kind
        if kind in _AS_IT_IS:
            return first
        if kind in INTEGER_RANGES:
            low, high = INTEGER_RANGES[kind]
            text = f"int_text({value})" if "64" in kind else value
            return f"{text} if {low} <= {first} <= {high} else refuse({value})"
        if kind == "enum":
            return f"{self._names(field.type_name)}[{first}]"
        if kind == "message":
            return f"{self.reference(field.type_name)}({first})"
        return f"write_{kind}({first})"

    def _names(self, type_name: str) -> str:
        names = {0: None} if type_name == _NULL else EnumNames(self.schema.enum_values(type_name))
        return self.constant(f"NAMES_{type_name.replace('.', '_')}", names)


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
    """The schema's own names as keys, and every field in the order of declaration."""

    name = "twirp"

    def write_fields(self, message: MessageType, source: Source) -> None:
        """One dict display for the fields up to the first that may be left out, then field by field."""
        fields = list(message.fields)
        always = next((index for index, field in enumerate(fields) if _may_be_left_out(field)), len(fields))
        with source.block("tree = {"):
            source.line(*(f"{field.name!r}: {self._always(field)}," for field in fields[:always]))
        source.line("}")
        for field in fields[always:]:
            if _may_be_left_out(field):
                self.write_if_present(field, field.name, "value is not None", source)
            else:
                source.line(f"tree[{field.name!r}] = {self._always(field)}")

    def _always(self, field: Field) -> str:
        attribute = f"message.{field.attribute}"
        if field.kind == "message" and not field.repeated:
            written = self.expression(field, "value", "value")
            return f"None if (value := {attribute}) is None else {written}"
        if field.kind in INTEGER_RANGES and not field.repeated:
            return self.expression(field, f"(value := {attribute})", "value")
        return self.expression(field, attribute, attribute)


def _may_be_left_out(field: Field) -> bool:
    return field.optional or field.oneof is not None
