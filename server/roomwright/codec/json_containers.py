"""Readers of JSON values that have others inside, or stand for others: lists, maps and enums."""

from collections.abc import Callable
from typing import Any, Final, cast

from roomwright.codec.errors import CodecError, refuse, shown_json
from roomwright.codec.json_scalars import integer_reader

Reader = Callable[[Any], Any]
"""Turns a value of a JSON tree into a field's value, or raises `CodecError`."""

SKIP: Final = object()
"""What a reader gives for an unknown enum name that is to be ignored."""

NULL_VALUE: Final = "google.protobuf.NullValue"
"""The enum whose only value JSON writes as `null`."""


def list_reader(read: Reader) -> Reader:
    """The reader of a list, by the reader of its items; an error says at which index."""

    def read_list(tree: Any) -> list[Any]:
        if tree.__class__ is not list:
            raise CodecError(f"{shown_json(tree)} is not a list")
        items: list[Any] = []
        index = 0
        try:
            for item in cast("list[Any]", tree):
                value = read(item)
                if value is not SKIP:
                    items.append(value)
                index += 1
        except CodecError as error:
            raise error.inside(f"[{index}]") from None
        return items

    return read_list


def map_reader(read_key: Reader, read_value: Reader) -> Reader:
    """The reader of a map, by the readers of its keys and values; an error says at which key."""

    def read_map(tree: Any) -> dict[Any, Any]:
        if tree.__class__ is not dict:
            raise CodecError(f"{shown_json(tree)} is not a JSON object with different keys")
        items: dict[Any, Any] = {}
        key = ""
        try:
            for key, item in cast("dict[str, Any]", tree).items():
                value = read_value(item)
                if (name := read_key(key)) in items:
                    refuse("the key is given twice")
                if value is not SKIP:
                    items[name] = value
        except CodecError as error:
            raise error.inside(f"[{shown_json(key)}]") from None
        return items

    return read_map


def enum_reader(enum: type[Any], type_name: str, values: list[tuple[str, int]], *, ignore_unknown: bool) -> Reader:
    """The reader of an enum: names and numbers."""
    members = {name: enum(number) for name, number in values}
    read_number = integer_reader("int32")
    null = enum(0) if type_name == NULL_VALUE else None

    def read_enum(value: Any) -> Any:
        if value.__class__ is str:
            member = members.get(value)
            if member is not None:
                return member
            if ignore_unknown:
                return SKIP
            raise CodecError(f"{shown_json(value)} is not a value of {type_name}")
        if value is None and null is not None:
            return null
        return enum(read_number(value))

    return read_enum
