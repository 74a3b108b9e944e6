"""Protobuf messages by name, through the official livekit-protocol package.

It is a second opinion on the server's own codec.
"""

from types import ModuleType
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from livekit.protocol import agent_dispatch, egress, ingress, models, room, sip

_MODULES: tuple[ModuleType, ...] = (room, models, agent_dispatch, egress, ingress, sip)


def message_class(name: str) -> type[Message]:
    """The class of the message with this name."""
    for module in _MODULES:
        if hasattr(module, name):
            return getattr(module, name)
    raise KeyError(name)


def decode(name: str, data: bytes) -> dict[str, Any]:
    """A message as protobuf JSON with the field names of the schema; defaults are left out."""
    message = message_class(name)()
    message.ParseFromString(data)
    return MessageToDict(message, preserving_proto_field_name=True)
