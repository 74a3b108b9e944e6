"""Look-up tables for enums: numbers to members, numbers to names, names to members."""

from typing import TYPE_CHECKING, Any, cast

from roomwright.codec.varint import as_int32

if TYPE_CHECKING:
    from collections.abc import Iterable


class EnumMembers(dict[int, Any]):
    """Wire number to member; numbers the schema does not know give a nameless member, as enums are open."""

    def __init__(self, enum: type[Any]) -> None:
        members: Iterable[int] = iter(cast("Iterable[int]", enum))
        super().__init__({int(member): member for member in members})
        self._enum = enum

    def __missing__(self, number: int) -> Any:
        number = as_int32(number)
        return self[number] if number in self else self._enum(number)


class EnumNames(dict[int, "str | int"]):
    """Number to the name it has in JSON; a number without a name stands for itself."""

    def __init__(self, values: list[tuple[str, int]]) -> None:
        super().__init__({number: name for name, number in reversed(values)})  # the first of several aliases counts

    def __missing__(self, number: int) -> int:
        if -0x80000000 <= number <= 0x7FFFFFFF:
            return int(number)
        raise OverflowError
