"""What may be how large. Sizes are bytes of UTF-8, as the reference counts them.

Some refusals name the limit in the error's `meta`, some do not: clients that look at it see what they know.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from roomwright.config import LimitSettings
from roomwright.errors import invalid_argument

RPC_PAYLOAD_SIZE = 15_360
NONCE_SIZE = 16
MERGED_ATTRIBUTES_FACTOR = 4
"""How many updates of the largest size a participant's attributes may hold together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits(LimitSettings):
    """The configured limits, able to refuse. Every method raises `invalid_argument` or returns None."""

    @classmethod
    def of(cls, settings: LimitSettings) -> "Limits":
        """The same limits with teeth."""
        if isinstance(settings, cls):
            return settings
        return cls(**{field.name: getattr(settings, field.name) for field in fields(LimitSettings)})

    def metadata(self, text: str, argument: str | None = "metadata size exceeds limits") -> None:
        """Metadata of a room, a participant or an agent; `argument` is what the error's meta says."""
        if over(text, self.max_metadata_size):
            raise invalid_argument(
                f"metadata is larger than the limit: {_size(text)} of {self.max_metadata_size} bytes", argument
            )

    def attributes(self, mapping: Mapping[str, str], argument: str | None = "attribute size exceeds limits") -> None:
        """Attributes: all keys and values together."""
        if not mapping or not self.max_attributes_size:
            return
        size = sum(_size(key) + _size(value) for key, value in mapping.items())
        if size > self.max_attributes_size:
            raise invalid_argument(
                f"attributes are larger than the limit: {size} of {self.max_attributes_size} bytes", argument
            )

    def merged_attributes(self, mapping: Mapping[str, str]) -> None:
        """A participant's attributes after an update: each update is bounded by itself, and their sum by some of it."""
        most = self.max_attributes_size * MERGED_ATTRIBUTES_FACTOR
        if most and sum(_size(key) + _size(value) for key, value in mapping.items()) > most:
            raise invalid_argument(
                f"the participant's attributes would be larger than {most} bytes in all",
                "attribute size exceeds limits",
            )

    def room_name(self, name: str) -> None:
        """A room's name."""
        if over(name, self.max_room_name_length):
            raise invalid_argument(
                f"room name length exceeds limits: {_size(name)} bytes, max length {self.max_room_name_length}"
            )

    def participant_name(self, name: str) -> None:
        """A participant's display name."""
        if over(name, self.max_participant_name_length):
            raise invalid_argument(
                f"name is longer than the limit: {_size(name)} of {self.max_participant_name_length} bytes",
                "name length exceeds limits",
            )

    def identity(self, identity: str) -> None:
        """A participant's identity."""
        if over(identity, self.max_participant_identity_length):
            raise invalid_argument(
                "participant identity length exceeds limits: "
                f"{_size(identity)} bytes, max length {self.max_participant_identity_length}"
            )

    def data(self, payload: bytes) -> None:
        """The payload of a data packet sent through the API."""
        if self.max_data_size and len(payload) > self.max_data_size:
            raise invalid_argument(
                f"data is larger than the limit: {len(payload)} of {self.max_data_size} bytes",
                "data size exceeds limits",
            )


def over(text: str, limit: int) -> bool:
    """Whether `text` has more than `limit` bytes; never for a limit of 0. Encodes only when it must."""
    if not limit or len(text) * 4 <= limit:
        return False
    return len(text) > limit or _size(text) > limit


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
