"""Compiled codecs for the generated messages: protobuf, standard protobuf JSON, and the JSON of Twirp.

betterproto's own codecs are slow and bend some rules of the formats; these are generated from the schema's descriptors,
one function per message type, when a type is first used. They work on the generated dataclasses as they are.

The functions of this module serve the classes of `roomwright_proto`; `Codec` does the same for any other schema. No
input makes them raise anything but `CodecError`.
"""

from typing import TYPE_CHECKING

from roomwright.codec.codec import Codec
from roomwright.codec.errors import CodecError
from roomwright.codec.shared import Shared

if TYPE_CHECKING:
    from betterproto2 import MessagePool

__all__ = [
    "Codec",
    "CodecError",
    "Shared",
    "copy",
    "decode",
    "encode",
    "from_json",
    "from_twirp_json",
    "to_json",
    "to_twirp_json",
]


def _load() -> "tuple[bytes, MessagePool]":
    from importlib.resources import files

    from roomwright_proto.message_pool import default_message_pool

    return files("roomwright_proto").joinpath("schema.binpb").read_bytes(), default_message_pool


_codec = Codec(_load)
encode = _codec.encode
decode = _codec.decode
to_json = _codec.to_json
from_json = _codec.from_json
to_twirp_json = _codec.to_twirp_json
from_twirp_json = _codec.from_twirp_json
copy = _codec.copy
