"""Trees of JSON values to messages.

A message type has a table of rules, one entry per spelling of every field, and reading follows the document: one
look-up per key. Where the value has the right Python type already, nothing else has to be done.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, cast

from roomwright.codec import json_scalars
from roomwright.codec.errors import CodecError, InexactNumberError, refuse, shortened, shown_json
from roomwright.codec.json_containers import NULL_VALUE, SKIP, Reader, enum_reader, list_reader, map_reader
from roomwright.codec.json_native import read_native
from roomwright.codec.json_special import SPECIAL_READERS
from roomwright.codec.json_text import Parse, RepeatedKeys
from roomwright.codec.schema import Field, MessageType, Schema
from roomwright.codec.wellknown import NATIVES
from roomwright.codec.wire_decode import Decode
from roomwright.codec.wire_encode import Encode

if TYPE_CHECKING:
    from betterproto2 import Message

MessageT = TypeVar("MessageT", bound="Message")
_VALUE: Final = "google.protobuf.Value"
_SCALARS: Final[dict[str, Reader]] = {
    "string": json_scalars.read_string,
    "bool": json_scalars.read_bool,
    "bytes": json_scalars.read_bytes,
    "double": json_scalars.read_double,
    "float": json_scalars.read_float,
}
_DIRECT: Final[dict[str, type]] = {"string": str, "bool": bool}


class _Never:
    """A type that no JSON value has."""


class _Rule(NamedTuple):
    """What to do with one key: where the value goes, the type it may have as it is, and how to read any other.

    `twin` is the other spelling of the field, if it has two; `oneof` the oneof it is a member of.
    """

    attribute: str
    direct: type
    read: Reader
    twin: str | None
    oneof: str | None


class JsonReaders:
    """The readers of all messages of a schema, in the strict or in the tolerant form."""

    def __init__(self, schema: Schema, encode: Encode, decode: Decode, *, ignore_unknown: bool) -> None:
        self.schema = schema
        self.encode = encode
        self.decode = decode
        self._ignore_unknown = ignore_unknown
        self._by_name: dict[str, Reader] = {}
        self._by_class: dict[type, Reader] = {}

    def read(self, python: type[MessageT], data: bytes | str, parse: Parse) -> MessageT:
        """The message of that class which a document has."""
        try:
            read = self._by_class.get(python) or self._top_level(python)
            document = data if type(data) is bytes else _as_bytes(data)
            try:
                return read(parse(document, False))
            except InexactNumberError:
                return read(parse(document, True))
        except RecursionError:
            raise CodecError("messages are nested too deeply") from None

    def message_reader(self, message: MessageType) -> Reader:
        """The reader that gives a message object, also for types that fields hold as plain values."""
        if not message.is_native:
            return self.later(message.name)
        read, fields_of, python = read_native(message.name), NATIVES[message.name].fields, message.python
        return lambda tree: python(**fields_of(read(tree)))

    def later(self, type_name: str) -> Reader:
        """The reader of a field's type, made when it is first called."""
        by_name = self._by_name

        def read(tree: Any) -> Any:
            found = by_name.get(type_name)
            return found(tree) if found else self._made(type_name)(tree)

        return read

    def _top_level(self, python: "type[Message]") -> Reader:
        message = self.schema.of(python)
        self._by_class[python] = reader = self.message_reader(message)
        return reader

    def _made(self, type_name: str) -> Reader:
        message = self.schema.named(type_name)
        if message.is_native:
            reader = read_native(type_name)
        elif type_name in SPECIAL_READERS:
            reader = SPECIAL_READERS[type_name](self)
        else:
            reader = self._object_reader(message)
        self._by_name[type_name] = reader
        return reader

    def _object_reader(self, message: MessageType) -> Reader:
        python, fresh, ignore_unknown = message.python, _fresh_attributes(message), self._ignore_unknown
        rules = {key: self._rule(field, key) for field in message.fields for key in (field.json_name, field.name)}
        names = {key: field.name for field in message.fields for key in (field.json_name, field.name)}
        nullable = frozenset(field.attribute for field in message.fields if _takes_null(field))
        find, new = rules.get, object.__new__

        def read_message(tree: Any) -> Any:
            if tree.__class__ is not dict:
                _check_object(tree, names)
            attributes = fresh()
            taken: set[str] | None = None
            key = ""
            try:
                for key, value in tree.items():
                    rule = find(key)
                    if rule is None:
                        if ignore_unknown:
                            continue
                        refuse("there is no such field")
                    attribute, direct, read, twin, oneof = rule
                    if twin is not None and twin in tree:
                        refuse("the field is given twice, in both spellings")
                    if value.__class__ is direct:
                        attributes[attribute] = value
                    elif value is None and attribute not in nullable:
                        continue
                    elif (value := read(value)) is not SKIP:
                        attributes[attribute] = value
                    else:
                        continue
                    if oneof is not None:
                        taken = taken or set()
                        if oneof in taken:
                            refuse(f"another member of the oneof {oneof} is given as well")
                        taken.add(oneof)
            except CodecError as error:
                raise error.inside(names.get(key) or shortened(key)) from None
            message = new(python)
            message.__dict__ = attributes
            return message

        return read_message

    def _rule(self, field: Field, key: str) -> _Rule:
        twin = field.name if key == field.json_name else field.json_name
        direct = _Never if field.repeated else _DIRECT.get(field.kind, _Never)
        return _Rule(field.attribute, direct, self._field_reader(field), None if twin == key else twin, field.oneof)

    def _field_reader(self, field: Field) -> Reader:
        if field.entry:
            key, value = field.entry.fields
            return map_reader(json_scalars.read_map_key(key.kind), self._value_reader(value))
        reader = self._value_reader(field)
        return list_reader(reader) if field.repeated else reader

    def _value_reader(self, field: Field) -> Reader:
        if field.kind == "message":
            return self.later(field.type_name)
        if field.enum:
            values = self.schema.enum_values(field.type_name)
            return enum_reader(field.enum, field.type_name, values, ignore_unknown=self._ignore_unknown)
        return _SCALARS[field.kind] if field.kind in _SCALARS else json_scalars.integer_reader(field.kind)


def _takes_null(field: Field) -> bool:
    return not field.repeated and field.type_name in {_VALUE, NULL_VALUE}


def _fresh_attributes(message: MessageType) -> Callable[[], dict[str, Any]]:
    """A function that gives the attributes of a new message."""
    defaults = {field.attribute: field.default for field in message.fields}
    defaults["_unknown_fields"] = b""
    constants = {f"default_{attribute}": value for attribute, value in defaults.items()}
    items = (
        f"{attribute!r}: {repr(value) if value in ([], {}) else f'default_{attribute}'}"
        for attribute, value in defaults.items()
    )
    return eval(f"lambda: {{{', '.join(items)}}}", constants)  # noqa: S307 - names come from the schema


def _as_bytes(data: object) -> bytes:
    if isinstance(data, bytearray | memoryview):
        return bytes(cast("bytes", data))
    if not isinstance(data, str):
        raise CodecError(f"{type(data).__name__} is not a JSON text")
    try:
        return data.encode()
    except UnicodeEncodeError:
        raise CodecError("the text has a lone surrogate") from None


def _check_object(tree: Any, names: dict[str, str]) -> None:
    """Refuse what is not an object, and an object in which a field stands twice."""
    if not isinstance(tree, RepeatedKeys):
        raise CodecError(f"{shown_json(tree)} is not a JSON object")
    for key in tree.repeated:
        if key in names:
            raise CodecError("the field is given twice", names[key])
