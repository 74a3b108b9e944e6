"""Generates the functions that copy messages."""

from collections.abc import Callable
from typing import Any

from roomwright.codec.emit import Operation, Source
from roomwright.codec.schema import Field, MessageType, Schema


class Copy(Operation):
    """Messages to equal, independent messages; `copy_<type>(message)`.

    Scalars and well-known values cannot change, so they are shared; unknown fields come along with the attributes.
    """

    name = "copy"

    def __init__(self, schema: Schema) -> None:
        super().__init__(schema)
        self.constant("new", object.__new__)

    def native(self, message: MessageType) -> Callable[[Any], Any]:
        """Values of well-known types are immutable."""
        return lambda value: value

    def write(self, message: MessageType, source: Source) -> None:
        """`copy_<type>(message)`."""
        python = self.constant(message.identifier, message.python)
        with source.block(f"def {self.function_name(message)}(message):"):
            with source.block(f"if message.__class__ is not {python}:"):
                source.line("raise TypeError")
            source.line("attributes = message.__dict__.copy()")
            for field in message.fields:
                self._write_field(field, source)
            source.line(f"duplicate = new({python})", "duplicate.__dict__ = attributes", "return duplicate")

    def _write_field(self, field: Field, source: Source) -> None:
        slot = f"attributes[{field.attribute!r}]"
        copied = self._copied(field.entry.fields[1] if field.entry else field)
        if field.entry:
            new = f"{{key: {copied} for key, item in {slot}.items()}}" if copied else f"dict({slot})"
            source.line(f"{slot} = {new}")
        elif field.repeated:
            source.line(f"{slot} = [{copied} for item in {slot}]" if copied else f"{slot} = list({slot})")
        elif copied:
            source.line(f"item = {slot}", "if item is not None:", f"    {slot} = {copied}")

    def _copied(self, field: Field) -> str:
        """The expression that copies `item`; empty when it can be shared."""
        if field.kind != "message" or self.schema.named(field.type_name).is_native:
            return ""
        return f"{self.reference(field.type_name)}(item)"
