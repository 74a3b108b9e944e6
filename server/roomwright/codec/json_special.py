"""The well-known messages with a JSON form of their own: Any, Struct, Value, ListValue and FieldMask.

Writers and readers are made for an operation (`JsonWrite`, `JsonReaders`), because Any and Struct contain others.
"""

import re
from collections.abc import Callable
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, cast

from roomwright.codec.descriptors import lower_camel
from roomwright.codec.errors import CodecError, shown_json
from roomwright.codec.json_scalars import read_double, read_string, write_double
from roomwright.codec.schema import NATIVE_TYPES, MessageType, Schema
from roomwright.codec.varint import MAX_DEPTH

if TYPE_CHECKING:
    from roomwright.codec.json_read import JsonReaders
    from roomwright.codec.json_write import JsonWrite

_PACKAGE: Final = "google.protobuf."


def has_own_form(type_name: str) -> bool:
    """Whether JSON has something else than an object of the type's fields."""
    return type_name in NATIVE_TYPES or type_name in SPECIAL_WRITERS


# Any


def _packed_type(schema: Schema, url: str) -> MessageType:
    _, slash, name = url.rpartition("/")
    if not slash:
        raise CodecError(f"{shown_json(url)} is not a type URL")
    return schema.named(name)


def _any_writer(writers: "JsonWrite") -> Callable[[Any], Any]:
    def write_any(message: Any) -> dict[str, Any]:
        if not message.type_url:
            return {}
        packed = _packed_type(writers.schema, message.type_url)
        write, decode = writers.call(packed), writers.decode.call(packed)
        tree = write(decode(message.value, MAX_DEPTH))
        start = {"@type": message.type_url}
        return start | ({"value": tree} if has_own_form(packed.name) else tree)

    return write_any


def _any_reader(readers: "JsonReaders") -> Callable[[Any], Any]:
    python = readers.schema.python_class(_PACKAGE + "Any")

    def read_any(tree: Any) -> Any:
        if type(tree) is not dict:
            raise CodecError(f"{shown_json(tree)} is not a JSON object with different keys")
        if not tree:
            return python()
        members = dict(cast("dict[str, Any]", tree))
        url = read_string(members.pop("@type", None))
        packed = _packed_type(readers.schema, url)
        content = _own_form(members) if has_own_form(packed.name) else members
        message = readers.message_reader(packed)(content)
        return python(type_url=url, value=readers.encode.call(packed)(message))

    return read_any


def _own_form(members: dict[str, Any]) -> Any:
    if members.keys() != {"value"}:
        raise CodecError("a well-known type inside an Any stands under the key value, and nothing else may")
    return members["value"]


# Struct, Value, ListValue


def _struct_writer(writers: "JsonWrite") -> Callable[[Any], Any]:
    write = writers.call(writers.schema.named(_PACKAGE + "Value"))
    return lambda message: {key: write(value) for key, value in message.fields.items()}


def _list_writer(writers: "JsonWrite") -> Callable[[Any], Any]:
    write = writers.call(writers.schema.named(_PACKAGE + "Value"))
    return lambda message: [write(value) for value in message.values]


def _value_writer(writers: "JsonWrite") -> Callable[[Any], Any]:
    write_struct = writers.call(writers.schema.named(_PACKAGE + "Struct"))
    write_list = writers.call(writers.schema.named(_PACKAGE + "ListValue"))

    def write_value(message: Any) -> Any:
        if message.number_value is not None:
            return _finite(message.number_value)
        if message.struct_value is not None:
            return write_struct(message.struct_value)
        if message.list_value is not None:
            return write_list(message.list_value)
        return message.bool_value if message.string_value is None else message.string_value

    return write_value


def _finite(number: float) -> Any:
    if isfinite(number):
        return write_double(number)
    raise CodecError(f"{number} has no JSON form in a google.protobuf.Value")


def _struct_reader(readers: "JsonReaders") -> Callable[[Any], Any]:
    python = readers.schema.python_class(_PACKAGE + "Struct")
    read = readers.later(_PACKAGE + "Value")

    def read_struct(tree: Any) -> Any:
        if type(tree) is not dict:
            raise CodecError(f"{shown_json(tree)} is not a JSON object with different keys")
        members = cast("dict[str, Any]", tree)
        return python(fields={key: read(value) for key, value in members.items()})

    return read_struct


def _list_reader(readers: "JsonReaders") -> Callable[[Any], Any]:
    python = readers.schema.python_class(_PACKAGE + "ListValue")
    read = readers.later(_PACKAGE + "Value")

    def read_list(tree: Any) -> Any:
        if type(tree) is not list:
            raise CodecError(f"{shown_json(tree)} is not a list")
        return python(values=[read(value) for value in cast("list[Any]", tree)])

    return read_list


def _value_reader(readers: "JsonReaders") -> Callable[[Any], Any]:
    python = readers.schema.python_class(_PACKAGE + "Value")
    read_struct, read_list = readers.later(_PACKAGE + "Struct"), readers.later(_PACKAGE + "ListValue")
    null = next(field.enum for field in readers.schema.named(_PACKAGE + "Value").fields if field.enum)

    def read_value(tree: Any) -> Any:
        match tree:
            case None:
                return python(null_value=null(0))
            case bool():
                return python(bool_value=tree)
            case str():
                return python(string_value=tree)
            case list():
                return python(list_value=read_list(tree))
            case dict():
                return python(struct_value=read_struct(tree))
            case _:
                return python(number_value=read_double(tree))

    return read_value


# FieldMask


def _mask_writer(_: "JsonWrite") -> Callable[[Any], Any]:
    return lambda message: ",".join(_written_path(path) for path in message.paths)


def _written_path(path: str) -> str:
    camel = ".".join(lower_camel(step) for step in path.split("."))
    if _read_path(camel) != path:
        raise CodecError(f"{shown_json(path)} has no JSON form", "paths")
    return camel


def _mask_reader(readers: "JsonReaders") -> Callable[[Any], Any]:
    python = readers.schema.python_class(_PACKAGE + "FieldMask")

    def read_mask(tree: Any) -> Any:
        text = read_string(tree)
        return python(paths=[_read_path(path) for path in text.split(",")] if text else [])

    return read_mask


def _read_path(path: str) -> str:
    if "_" in path or not path:
        raise CodecError(f"{shown_json(path)} is not a lowerCamelCase path")
    return re.sub("[A-Z]", lambda match: f"_{match[0].lower()}", path)


SPECIAL_WRITERS: Final[dict[str, Callable[["JsonWrite"], Callable[[Any], Any]]]] = {
    _PACKAGE + "Any": _any_writer,
    _PACKAGE + "Struct": _struct_writer,
    _PACKAGE + "ListValue": _list_writer,
    _PACKAGE + "Value": _value_writer,
    _PACKAGE + "FieldMask": _mask_writer,
}
"""Makers of the writers, by full name."""

SPECIAL_READERS: Final[dict[str, Callable[["JsonReaders"], Callable[[Any], Any]]]] = {
    _PACKAGE + "Any": _any_reader,
    _PACKAGE + "Struct": _struct_reader,
    _PACKAGE + "ListValue": _list_reader,
    _PACKAGE + "Value": _value_reader,
    _PACKAGE + "FieldMask": _mask_reader,
}
"""Makers of the readers, by full name."""
