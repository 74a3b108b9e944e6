"""The codec of one schema: every operation on its messages, compiled when first used."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from roomwright.codec.copying import Copy
from roomwright.codec.emit import Operation
from roomwright.codec.errors import CodecError
from roomwright.codec.explain import explain
from roomwright.codec.json_read import JsonReaders
from roomwright.codec.json_text import first_value, whole_document
from roomwright.codec.json_write import StandardJson, TwirpJson, json_bytes
from roomwright.codec.schema import Schema
from roomwright.codec.varint import MAX_DEPTH
from roomwright.codec.wire_decode import Decode
from roomwright.codec.wire_encode import Encode

if TYPE_CHECKING:
    from betterproto2 import Message, MessagePool

MessageT = TypeVar("MessageT", bound="Message")


class _Functions(dict[type, Callable[..., Any]]):
    """The functions of one operation by message class; compiled when first asked for."""

    def __init__(self, schema: Schema, operation: Operation) -> None:
        super().__init__()
        self._schema = schema
        self._operation = operation

    def __missing__(self, python: "type[Message]") -> Callable[..., Any]:
        self[python] = function = self._operation.function(self._schema.of(python))
        return function


class Codec:
    """Encodes, decodes and copies the messages of one schema.

    Args:
        load: gives the bytes of a `FileDescriptorSet` and the pool of the classes generated from it; called at the
            first use, so that making a codec costs nothing.
    """

    def __init__(self, load: "Callable[[], tuple[bytes, MessagePool]]") -> None:
        self.schema = Schema(load)
        encode, decode = Encode(self.schema), Decode(self.schema)
        self._encode = _Functions(self.schema, encode)
        self._decode = _Functions(self.schema, decode)
        self._copy = _Functions(self.schema, Copy(self.schema))
        self._standard_json = _Functions(self.schema, StandardJson(self.schema, encode, decode))
        self._twirp_json = _Functions(self.schema, TwirpJson(self.schema, encode, decode))
        self._strict_readers = JsonReaders(self.schema, encode, decode, ignore_unknown=False)
        self._tolerant_readers = JsonReaders(self.schema, encode, decode, ignore_unknown=True)

    def encode(self, message: "Message") -> bytes:
        """The protobuf encoding of a message, its unknown fields included."""
        try:
            return self._encode[type(message)](message)
        except Exception as error:
            raise explain(self.schema, message, error) from None

    def decode(self, message_type: type[MessageT], data: bytes) -> MessageT:
        """The message that protobuf-encoded bytes stand for; what the schema does not know is kept."""
        if type(data) is not bytes:
            data = _as_bytes(data)
        return self._decode[message_type](data, MAX_DEPTH)

    def copy(self, message: MessageT) -> MessageT:
        """An independent copy, with unknown fields and presence."""
        try:
            return self._copy[type(message)](message)
        except Exception as error:
            raise explain(self.schema, message, error) from None

    def to_json(self, message: "Message") -> bytes:
        """Standard protobuf JSON: lowerCamelCase keys, defaults left out, compact."""
        try:
            return json_bytes(self._standard_json[type(message)](message))
        except Exception as error:
            raise explain(self.schema, message, error) from None

    def to_twirp_json(self, message: "Message") -> bytes:
        """The JSON of Twirp answers: snake_case keys, every field in the order of declaration, compact.

        Unset messages are `null`; unset `optional` scalars and unset members of a oneof are left out.
        """
        try:
            return json_bytes(self._twirp_json[type(message)](message))
        except Exception as error:
            raise explain(self.schema, message, error) from None

    def from_json(
        self, message_type: type[MessageT], data: bytes | str, *, ignore_unknown_fields: bool = False
    ) -> MessageT:
        """The message that a standard protobuf JSON document stands for.

        Args:
            message_type: the class of the message.
            data: the document.
            ignore_unknown_fields: skip unknown keys and unknown enum names instead of refusing them.
        """
        readers = self._tolerant_readers if ignore_unknown_fields else self._strict_readers
        return readers.read(message_type, data, whole_document)

    def from_twirp_json(self, message_type: type[MessageT], data: bytes) -> MessageT:
        """The message that the body of a Twirp request stands for.

        Unknown keys and unknown enum names are skipped, and so is whatever follows the first JSON value.
        """
        return self._tolerant_readers.read(message_type, data, first_value)


def _as_bytes(data: object) -> bytes:
    if isinstance(data, bytearray | memoryview):
        return bytes(cast("bytes", data))
    raise CodecError(f"{type(data).__name__} is not bytes")
