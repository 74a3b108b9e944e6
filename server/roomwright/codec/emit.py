"""Generates functions: a writer for source text, and namespaces of functions that compile themselves when called.

An `Operation` is one thing to be done with messages (encode, decode, copy, …). It owns one namespace, shared by all
functions it generates, so that a message type can call the function of another one by its name, also when the two
types contain each other.
"""

import linecache
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from roomwright.codec.schema import MessageType, Schema


class Source:
    """Python source text under construction."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._indent = ""

    def line(self, *texts: str) -> None:
        """Add lines at the current indentation."""
        self._lines.extend(self._indent + text for text in texts)

    @contextmanager
    def block(self, header: str) -> Generator[None]:
        """Add a header such as `if value:`; what is added inside the `with` is its body."""
        self.line(header)
        outer, self._indent = self._indent, self._indent + "    "
        yield
        self._indent = outer

    def text(self) -> str:
        """Everything added so far."""
        return "\n".join(self._lines) + "\n"


class Operation(ABC):
    """One generated function per message type.

    Attributes:
        name: the first part of every generated function's name.
        namespace: the globals of the generated functions.
    """

    name: str

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.namespace: dict[str, Any] = {}

    @abstractmethod
    def write(self, message: MessageType, source: Source) -> None:
        """Add the definition of the function `self.function_name(message)` to the source."""

    @abstractmethod
    def native(self, message: MessageType) -> Callable[..., Any]:
        """The function for fields of a type that are held as plain Python values."""

    def function_name(self, message: MessageType) -> str:
        """The name of a type's function in the namespace."""
        return f"{self.name}_{message.identifier}"

    def constant(self, name: str, value: object) -> str:
        """Make a value known to generated code; returns the name."""
        self.namespace.setdefault(name, value)
        return name

    def reference(self, type_name: str) -> str:
        """The name by which generated code calls the function of another type."""
        message = self.schema.named(type_name)
        if message.is_native:
            return self.constant(f"{self.name}_native_{message.identifier}", self.native(message))
        name = self.function_name(message)
        if name not in self.namespace:
            self.namespace[name] = self._later(message)
        return name

    def call(self, message: MessageType) -> Callable[..., Any]:
        """A function that calls the one of this type, compiling it when that has not happened yet."""
        name, namespace = self.function_name(message), self.namespace
        if name not in namespace:
            namespace[name] = self._later(message)
        return lambda *arguments: namespace[name](*arguments)

    def function(self, message: MessageType) -> Callable[..., Any]:
        """The compiled function of a type."""
        name = self.function_name(message)
        source = Source()
        self.write(message, source)
        text = source.text()
        file = f"<{self.name} {message.name}>"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        exec(compile(text, file, "exec"), self.namespace)  # noqa: S102 - the text is ours, names come from the schema
        return self.namespace[name]

    def _later(self, message: MessageType) -> Callable[..., Any]:
        """A stand-in that compiles the real function when first called, and is replaced by it."""

        def first_call(*arguments: Any) -> Any:
            return self.function(message)(*arguments)

        return first_call
