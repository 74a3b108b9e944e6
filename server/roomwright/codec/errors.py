"""The one exception of the codecs."""

from decimal import Decimal
from typing import Final, NoReturn, Self

_LONGEST: Final = 60


class CodecError(ValueError):
    """An input that cannot be encoded or decoded.

    Attributes:
        reason: what is wrong, for a human reader.
        path: the field it is wrong with, in the schema's own spelling (`room.agents[2].metadata`); empty when the
            input as a whole is at fault.
    """

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(reason, path)
        self.reason = reason
        self.path = path

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason

    def inside(self, step: str) -> Self:
        """The same error seen from one level further out; `step` is a field name or an index such as `[2]`."""
        if not self.path:
            self.path = step
        else:
            self.path = f"{step}{self.path}" if self.path.startswith("[") else f"{step}.{self.path}"
        return self


class InexactNumberError(Exception):
    """A number lost digits in the fast JSON parser; the document has to be read again, exactly."""


def refuse(reason: str) -> NoReturn:
    """Raise a `CodecError`; for places that catch it themselves, to add where they are."""
    raise CodecError(reason)


def shown(value: object) -> str:
    """A value as error messages quote it: short, and never failing."""
    try:
        text = str(value) if isinstance(value, Decimal) else repr(value)
    except Exception:
        return f"a {type(value).__name__}"
    return shortened(text)


def shown_json(value: object) -> str:
    """A value of a JSON document as error messages quote it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return shown(value)


def shortened(text: str) -> str:
    """A text, or its beginning when it is too long for an error message."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
