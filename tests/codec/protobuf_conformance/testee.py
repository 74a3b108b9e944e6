"""The program under test: answers the conformance runner's requests on standard input with this project's codecs.

Usage: python testee.py <folder of the generated classes>. Requests and answers are themselves read and written by them.
"""

import struct
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from roomwright.codec import Codec, CodecError
from tests.codec.protobuf_conformance import classes

_TESTED = "protobuf_test_messages.proto3.TestAllTypesProto3"


class Testee:
    """Decodes what a request holds and encodes it as the request wants it."""

    def __init__(self, folder: Path) -> None:
        self.codec: Codec
        self.codec, modules = classes.load(folder)
        self.api = modules["conformance"]
        self.tested: type[Any] = modules["protobuf_test_messages.proto3"].TestAllTypesProto3

    def answer(self, data: bytes) -> bytes:
        """The encoded answer to an encoded request."""
        request = self.codec.decode(self.api.ConformanceRequest, data)
        return self.codec.encode(self.api.ConformanceResponse(**self._result(request)))

    def _result(self, request: Any) -> dict[str, Any]:
        if request.message_type != _TESTED:
            return {"skipped": "only proto3 messages are supported"}
        try:
            message = self._parse(request)
        except CodecError as error:
            return {"parse_error": str(error)}
        if message is None:
            return {"skipped": "only protobuf and JSON are supported"}
        return self._serialize(request, message)

    def _parse(self, request: Any) -> Any:
        if request.protobuf_payload is not None:
            return self.codec.decode(self.tested, request.protobuf_payload)
        if request.json_payload is not None:
            ignore = request.test_category == self.api.TestCategory.JSON_IGNORE_UNKNOWN_PARSING_TEST
            return self.codec.from_json(self.tested, request.json_payload, ignore_unknown_fields=ignore)
        return None

    def _serialize(self, request: Any, message: Any) -> dict[str, Any]:
        try:
            if request.requested_output_format == self.api.WireFormat.PROTOBUF:
                return {"protobuf_payload": self.codec.encode(message)}
            if request.requested_output_format == self.api.WireFormat.JSON:
                return {"json_payload": self.codec.to_json(message).decode()}
        except CodecError as error:
            return {"serialize_error": str(error)}
        return {"skipped": "only protobuf and JSON are supported"}


def main() -> None:
    """Serve requests until the runner closes the pipe."""
    testee, source, sink = Testee(Path(sys.argv[1])), sys.stdin.buffer, sys.stdout.buffer
    while header := source.read(4):
        answer = testee.answer(source.read(struct.unpack("<I", header)[0]))
        sink.write(struct.pack("<I", len(answer)) + answer)
        sink.flush()


if __name__ == "__main__":
    main()
