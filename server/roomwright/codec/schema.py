"""What the codecs know of a message: its descriptor, joined with the Python class generated from it.

Generated classes carry neither the names of the schema nor its JSON names; descriptors know nothing of Python. Fields
are matched by number. Everything is looked up when first needed.
"""

import sys
import typing
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from roomwright.codec.descriptors import DescriptorSet, FieldDescriptor, MessageDescriptor
from roomwright.codec.errors import CodecError

if TYPE_CHECKING:
    from collections.abc import Callable

    from betterproto2 import MessagePool

TYPE_URL: Final = "type.googleapis.com/"

INTEGER_RANGES: Final = {
    "int32": (-(1 << 31), (1 << 31) - 1),
    "sint32": (-(1 << 31), (1 << 31) - 1),
    "sfixed32": (-(1 << 31), (1 << 31) - 1),
    "uint32": (0, (1 << 32) - 1),
    "fixed32": (0, (1 << 32) - 1),
    "int64": (-(1 << 63), (1 << 63) - 1),
    "sint64": (-(1 << 63), (1 << 63) - 1),
    "sfixed64": (-(1 << 63), (1 << 63) - 1),
    "uint64": (0, (1 << 64) - 1),
    "fixed64": (0, (1 << 64) - 1),
}
"""Smallest and largest value of every integer kind."""

NATIVE_TYPES: Final = frozenset(
    f"google.protobuf.{name}"
    for name in (
        "Timestamp",
        "Duration",
        "BoolValue",
        "BytesValue",
        "DoubleValue",
        "FloatValue",
        "Int32Value",
        "Int64Value",
        "StringValue",
        "UInt32Value",
        "UInt64Value",
    )
)
"""Messages that fields of the generated classes hold as plain Python values (datetime, timedelta, int, …)."""

_SCALAR_DEFAULTS: Final[dict[str, object]] = {"string": "", "bytes": b"", "bool": False, "float": 0.0, "double": 0.0}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: the schema's view and the Python attribute that holds it.

    `explicit` fields are `None` while unset; all others have a default that is not sent. `entry` is set for maps.
    """

    name: str
    attribute: str
    number: int
    kind: str
    json_name: str
    type_name: str
    repeated: bool
    packed: bool
    oneof: str | None
    explicit: bool
    optional: bool
    enum: type[Any] | None = None
    entry: "MessageType | None" = None

    @property
    def type_identifier(self) -> str:
        """The full name of the field's type as a part of a Python name."""
        return self.type_name.replace(".", "_")

    @property
    def default(self) -> object:
        """The value of the attribute in a new message; a fresh container for lists and maps."""
        if self.entry:
            return {}
        if self.repeated:
            return []
        if self.explicit:
            return None
        return self.enum(0) if self.enum else _SCALAR_DEFAULTS.get(self.kind, 0)


@dataclass(frozen=True)
class MessageType:
    """One message type; `fields` in the order of declaration.

    `python` is the generated class; map entries have none, and are tuples of key and value.
    """

    name: str
    python: type[Any]
    fields: tuple[Field, ...]

    @cached_property
    def by_number(self) -> tuple[Field, ...]:
        """The fields in the order in which they are sent."""
        return tuple(sorted(self.fields, key=lambda field: field.number))

    @cached_property
    def identifier(self) -> str:
        """The full name as a part of a Python name."""
        return self.name.replace(".", "_")

    @property
    def is_entry(self) -> bool:
        """Whether this is an entry of a map."""
        return self.python is tuple

    @property
    def is_native(self) -> bool:
        """Whether fields of this type hold a plain Python value."""
        return self.name in NATIVE_TYPES


class Schema:
    """The message types of one descriptor set and the classes generated from it.

    Args:
        load: gives the bytes of the descriptor set and the pool in which the generated classes are registered; called
            once, at the first look-up.
    """

    def __init__(self, load: "Callable[[], tuple[bytes, MessagePool]]") -> None:
        self._load = load
        self._types: dict[str, MessageType] = {}

    @cached_property
    def _source(self) -> "tuple[DescriptorSet, MessagePool]":
        data, pool = self._load()
        return DescriptorSet(data), pool

    def message_names(self) -> list[str]:
        """Full names of the messages that have a generated class."""
        descriptors, pool = self._source
        return [name for name in descriptors.message_names() if TYPE_URL + name in pool.url_to_type]

    def of(self, python: type[Any]) -> MessageType:
        """The type of a generated class."""
        url = self._source[1].type_to_url.get(python)
        if url is None:
            raise CodecError(f"{python.__name__} is not a message of this schema")
        return self.named(url.removeprefix(TYPE_URL))

    def named(self, name: str) -> MessageType:
        """The type of that full name."""
        if name not in self._types:
            self._types[name] = self._build(name)
        return self._types[name]

    def python_class(self, name: str) -> type[Any]:
        """The generated class of that full name."""
        found = self._source[1].url_to_type.get(TYPE_URL + name)
        if found is None:
            raise CodecError(f"{name} is not a message of this schema")
        return found

    def enum_values(self, name: str) -> list[tuple[str, int]]:
        """Names and numbers of an enum, aliases included."""
        return self._source[0].enum(name)

    def _build(self, name: str) -> MessageType:
        descriptors, pool = self._source
        if name not in descriptors:
            raise CodecError(f"{name} is not a message of this schema")
        descriptor = descriptors.message(name)
        python = pool.url_to_type.get(TYPE_URL + name)
        if python is None:
            return MessageType(name, tuple, tuple(_field(field, field.name) for field in descriptor.fields))
        return MessageType(name, python, self._bound_fields(descriptor, python))

    def _bound_fields(self, descriptor: MessageDescriptor, python: type[Any]) -> tuple[Field, ...]:
        attributes = {field.metadata["betterproto"].number: field.name for field in fields(python)}
        hints = _hints(python)
        return tuple(self._bound(field, attributes[field.number], hints) for field in descriptor.fields)

    def _bound(self, descriptor: FieldDescriptor, attribute: str, hints: dict[str, Any]) -> Field:
        field = _field(descriptor, attribute)
        if field.kind == "enum":
            return replace(field, enum=_enum_class(hints[attribute]))
        if field.kind == "message" and field.repeated and self._source[0].message(field.type_name).map_entry:
            return replace(field, entry=self._map_entry(field.type_name, hints[attribute]))
        return field

    def _map_entry(self, name: str, hint: Any) -> MessageType:
        key, value = self.named(name).fields
        if value.kind == "enum":
            value = replace(value, enum=_enum_class(typing.get_args(hint)[1]))
        self._types[name] = MessageType(name, tuple, (key, value))
        return self._types[name]


def _field(descriptor: FieldDescriptor, attribute: str) -> Field:
    singular_message = descriptor.kind == "message" and not descriptor.repeated
    return Field(
        name=descriptor.name,
        attribute=attribute,
        number=descriptor.number,
        kind=descriptor.kind,
        json_name=descriptor.json_name,
        type_name=descriptor.type_name,
        repeated=descriptor.repeated,
        packed=descriptor.packed,
        oneof=descriptor.oneof,
        explicit=descriptor.explicit_presence or singular_message,
        optional=descriptor.explicit_presence,
    )


def _hints(python: type[Any]) -> dict[str, Any]:
    return typing.get_type_hints(python, vars(sys.modules[python.__module__]), {})


def _enum_class(hint: Any) -> type[Any]:
    """The enum in `Kind`, `Kind | None` or `list[Kind]`."""
    arguments = typing.get_args(hint)
    return arguments[0] if arguments else hint
