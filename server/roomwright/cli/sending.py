"""`roomwright room send-data` and `perform-rpc`."""

import argparse
import base64
import secrets
import sys

from roomwright.cli import CommandError
from roomwright.cli.calling import administer, calling, identity, in_room
from roomwright.cli.tables import show
from roomwright.cli.tree import Command

_NONCE_BYTES = 16


def send_data(arguments: argparse.Namespace) -> int:
    """Send a data packet."""
    data = _data(arguments)
    request = {
        "data": base64.b64encode(data).decode(),
        "kind": "LOSSY" if arguments.lossy else "RELIABLE",
        "destination_identities": arguments.identity,
        "topic": arguments.topic,
        "nonce": base64.b64encode(secrets.token_bytes(_NONCE_BYTES)).decode(),
    }
    answer = administer(arguments, "SendData", request)
    to = ", ".join(map(repr, arguments.identity)) or f"everybody in room {arguments.room!r}"
    return show(arguments, answer, f"sent {len(data)} bytes to {to}")


def perform_rpc(arguments: argparse.Namespace) -> int:
    """Call a method that a participant registered, and print its answer."""
    request = {
        "destination_identity": arguments.identity,
        "method": arguments.method,
        "payload": arguments.payload,
        "response_timeout_ms": arguments.timeout,
    }
    answer = administer(arguments, "PerformRpc", request)
    return show(arguments, answer, answer.get("payload", ""))


def _data(arguments: argparse.Namespace) -> bytes:
    if arguments.data == "-":
        return sys.stdin.buffer.read()
    if arguments.file is None:
        return (arguments.data or "").encode("utf-8", "surrogateescape")
    try:
        with open(arguments.file, "rb") as file:  # noqa: PTH123 - pathlib is not loaded for this
            return file.read()
    except OSError as error:
        raise CommandError(f"cannot read {arguments.file}: {error.strerror}") from error


def _data_flags(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("data", nargs="?", metavar="DATA", help="the text to send, or - for standard input")
    what.add_argument("--file", metavar="FILE", help="send what is in the file")
    parser.add_argument("--topic", help="topic of the packet")
    parser.add_argument(
        "--identity", metavar="IDENTITY", action="append", default=[], help="for this participant; may be repeated"
    )
    parser.add_argument("--lossy", action="store_true", help="may be lost, and overtaken")


def _rpc_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("method", metavar="METHOD", help="the method's name")
    parser.add_argument("payload", nargs="?", default="", metavar="PAYLOAD", help="what it is given")
    parser.add_argument("--timeout", type=int, metavar="MS", help="how long to wait for the answer")


SEND_DATA = Command("send data to participants", send_data, calling(in_room, _data_flags))
PERFORM_RPC = Command(
    "call a method that a participant registered", perform_rpc, calling(in_room, identity, _rpc_flags)
)
