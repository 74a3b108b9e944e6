"""A list of messages that never changes: encoded once, however many messages hold it."""

from collections.abc import Iterable
from typing import Any, Never, TypeVar

Item = TypeVar("Item")


class Shared(list[Item]):
    """What many messages have in common, such as the codecs of every room.

    It is equal to a list of the same items. Changing the list raises TypeError; its items must not be changed either.
    `codec.copy` makes an ordinary list of it.
    """

    __slots__ = ("encodings",)

    def __init__(self, items: Iterable[Item]) -> None:
        super().__init__(items)
        self.encodings: dict[object, bytes] = {}
        """The protobuf encoding, by the field that holds the list."""

    def _unchangeable(self, *_: Any, **__: Any) -> Never:
        raise TypeError("this list is shared by many messages: change a copy of it")

    append = extend = insert = remove = pop = clear = reverse = _unchangeable
    sort = _unchangeable  # pyright: ignore[reportAssignmentType]  # its `self` is narrower in typeshed
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _unchangeable
