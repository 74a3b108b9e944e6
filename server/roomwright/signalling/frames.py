"""WebSocket frames to messages and back: protobuf in binary frames, JSON in text frames.

JSON is protobuf's standard mapping; requests may be spelled in either way, answers are lowerCamelCase.
"""

from roomwright import codec
from roomwright_proto import livekit as pb

Frame = bytes | str
"""The content of a binary or of a text frame."""


class FrameError(Exception):
    """A frame that is not a message."""


def decode(frame: Frame) -> pb.SignalRequest | None:
    """What the client says; None for an empty frame. Raises `FrameError`."""
    if not frame:
        return None
    try:
        if isinstance(frame, str):
            return codec.from_json(pb.SignalRequest, frame, ignore_unknown_fields=True)
        return codec.decode(pb.SignalRequest, frame)
    except codec.CodecError as error:
        raise FrameError(f"not a SignalRequest: {error}") from error


class Encoder:
    """Messages to frames. What goes to many clients, one after the other, is encoded once."""

    def __init__(self) -> None:
        self._binary: tuple[pb.SignalResponse | None, bytes] = (None, b"")
        self._text: tuple[pb.SignalResponse | None, str] = (None, "")

    def encode(self, message: pb.SignalResponse, *, text: bool) -> Frame:
        """The frame for a message that nobody changes any more."""
        if text:
            if self._text[0] is not message:
                self._text = message, codec.to_json(message).decode()
            return self._text[1]
        if self._binary[0] is not message:
            self._binary = message, codec.encode(message)
        return self._binary[1]
