"""Finds out why a message cannot be encoded.

Generated encoders do not carry error messages. When one of them fails, the message is walked here, field by field,
until the culprit is found. Slow, and only ever run on the way to a `CodecError`.
"""

import struct
from collections.abc import Iterator
from itertools import chain
from typing import Any, Final, cast

from roomwright.codec.errors import CodecError, shown
from roomwright.codec.schema import INTEGER_RANGES, Field, MessageType, Schema
from roomwright.codec.wellknown import NATIVES

_MAX_DEPTH: Final = 200


def explain(schema: Schema, message: Any, error: Exception) -> CodecError:
    """The `CodecError` for a message whose encoding ended in `error`."""
    if isinstance(error, RecursionError):
        return CodecError("messages are nested too deeply")
    try:
        _check_message(schema, schema.of(cast("type[Any]", type(message))), message, 0)
    except CodecError as found:
        return found
    if isinstance(error, CodecError):
        return error
    return CodecError(f"{type(message).__name__} cannot be encoded: {error}")


def _check_message(schema: Schema, expected: MessageType, message: Any, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise CodecError("messages are nested too deeply")
    if type(message) is not expected.python:
        raise CodecError(f"{shown(message)} is not a {expected.name}")
    attributes = cast("dict[str, Any]", vars(message))
    for field in expected.fields:
        if field.attribute not in attributes:
            raise CodecError("the attribute is missing", field.name)
        try:
            _check_field(schema, field, attributes[field.attribute], depth)
        except CodecError as error:
            raise error.inside(field.name) from None
    _check_oneofs(expected, message)


def _check_oneofs(expected: MessageType, message: Any) -> None:
    taken: dict[str, str] = {}
    for field in expected.fields:
        if field.oneof and getattr(message, field.attribute) is not None:
            if field.oneof in taken:
                raise CodecError(f"{taken[field.oneof]} is set as well, and {field.oneof} is a oneof", field.name)
            taken[field.oneof] = field.name


def _check_field(schema: Schema, field: Field, value: Any, depth: int) -> None:
    if value is None and field.explicit:
        return
    if field.entry:
        _check_map(schema, field.entry, value, depth)
    elif field.repeated:
        if not isinstance(value, list | tuple):
            raise CodecError(f"{shown(value)} is not a list")
        for index, item in enumerate(cast("list[Any]", value)):
            _check_inside(f"[{index}]", schema, field, item, depth)
    else:
        _check_value(schema, field, value, depth)


def _check_inside(step: str, schema: Schema, field: Field, value: Any, depth: int) -> None:
    """Check a value inside a container; an error says where in it."""
    try:
        _check_value(schema, field, value, depth)
    except CodecError as error:
        raise error.inside(step) from None


def _check_map(schema: Schema, entry: MessageType, value: Any, depth: int) -> None:
    if not isinstance(value, dict):
        raise CodecError(f"{shown(value)} is not a dict")
    for key, item in cast("dict[Any, Any]", value).items():
        step = f"[{shown(key)}]"
        _check_inside(step, schema, entry.fields[0], key, depth)
        _check_inside(step, schema, entry.fields[1], item, depth)


def _check_value(schema: Schema, field: Field, value: Any, depth: int) -> None:
    if field.kind == "message":
        if field.type_name in NATIVES:
            _check_native(schema, field.type_name, value)
        else:
            _check_message(schema, schema.named(field.type_name), value, depth + 1)
        return
    for problem in _problems(field.kind, value):
        raise CodecError(problem)


def _check_native(schema: Schema, type_name: str, value: Any) -> None:
    native = NATIVES[type_name]
    if not isinstance(value, native.types):
        raise CodecError(f"{shown(value)} is not {native.kind}")
    message = schema.named(type_name)
    values = native.fields(value)
    for field in message.fields:
        _check_value(schema, field, values[field.attribute], 0)


def _problems(kind: str, value: Any) -> Iterator[str]:
    """What is wrong with a scalar; nothing when it is fine."""
    match kind:
        case "string":
            return _string_problems(value)
        case "bytes":
            return _type_problems(value, (bytes, bytearray, memoryview), "bytes")
        case "bool":
            return _type_problems(value, (bool,), "a bool")
        case "float" | "double":
            return _float_problems(kind, value)
        case _:
            return _integer_problems(kind, value)


def _type_problems(value: Any, types: tuple[type, ...], name: str) -> Iterator[str]:
    if not isinstance(value, types):
        yield f"{shown(value)} is not {name}"


def _string_problems(value: Any) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{shown(value)} is not a string"
        return
    try:
        value.encode()
    except UnicodeEncodeError:
        yield f"{shown(value)} has a lone surrogate"


def _float_problems(kind: str, value: Any) -> Iterator[str]:
    yield from _type_problems(value, (float, int), "a number")
    try:
        struct.pack("<f" if kind == "float" else "<d", value)
    except (OverflowError, struct.error):
        yield f"{shown(value)} is out of range for {kind}"


def _integer_problems(kind: str, value: Any) -> Iterator[str]:
    low, high = INTEGER_RANGES["int32" if kind == "enum" else kind]
    is_integer = isinstance(value, int)
    return chain(
        () if is_integer else (f"{shown(value)} is not an integer",),
        () if not is_integer or low <= value <= high else (f"{shown(value)} is out of range for {kind}",),
    )
