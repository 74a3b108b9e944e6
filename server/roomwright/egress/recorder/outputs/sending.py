"""`python -m roomwright.egress.recorder.outputs.sending FD`: connects, and sends what comes, until nothing comes.

Certificates of RTMPS are checked: FFmpeg takes that option through its `fifo` muxer alone, because PyAV opens URLs
without options.
"""

import json
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import av.logging
from av.error import FFmpegError

from ..units import OutputError, StreamFormat, Unit
from .connection import FINAL, HEAD, LENGTH, TAKEN
from .muxer import Muxer

_BUNDLES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where systems keep the authorities that they trust, if OpenSSL does not say."""

_FLV: Final = {"flvflags": "no_duration_filesize"}
_LOOK_SECONDS: Final = 5

_ALONE_SECONDS: Final = 20
"""A recorder ends a process that waits so long. If it is gone itself, the system does it."""
_TLS_PORT: Final = 443


def main() -> None:
    """Send one stream. FFmpeg's own messages name URLs with their keys: they are not printed."""
    av.logging.set_level(None)
    with socket.socket(fileno=int(sys.argv[1])) as connection, connection.makefile("rb") as incoming:
        messages = _messages(incoming.read)
        plan = json.loads(next(messages))
        formats = [StreamFormat(*each) for each in plan["formats"]]
        error = _sent(plan["url"], formats, messages, connection)
        with suppress(OSError):
            connection.sendall(error)


def _sent(url: str, formats: Sequence[StreamFormat], messages: Iterator[bytes], connection: socket.socket) -> bytes:
    """Send all; what went wrong, as `connection.py` wants to be told, or nothing."""
    try:
        signal.alarm(_ALONE_SECONDS)
        if _is_secure(url):
            _look(url)
        muxer = _muxer(url, formats)
        signal.alarm(0)
        for message in messages:
            index, pts, dts, duration, key = HEAD.unpack_from(message)
            signal.alarm(_ALONE_SECONDS)
            muxer.write(Unit(index, pts, dts, duration, key, message[HEAD.size :]))
            signal.alarm(0)
            connection.sendall(TAKEN)
        signal.alarm(_ALONE_SECONDS)
        muxer.close()
    except ssl.SSLCertVerificationError as error:
        return FINAL + f"its certificate is not trusted: {error.verify_message}".encode()
    except (FFmpegError, OutputError, OSError) as error:
        return (getattr(error, "strerror", None) or "the connection failed").encode()
    return b""


def _muxer(url: str, formats: Sequence[StreamFormat]) -> Muxer:
    if not _is_secure(url):
        return Muxer(url, "flv", formats, _FLV)
    bundle = authorities()
    inner = {**_FLV, "tls_verify": "1", **({"ca_file": _escaped(bundle)} if bundle else {})}
    told = ":".join(f"{name}={value}" for name, value in inner.items())
    return Muxer(url, "fifo", formats, {"fifo_format": "flv", "queue_size": "1", "format_opts": told})


def authorities() -> str:
    """The file of those who are trusted: `SSL_CERT_FILE`, else the system's; empty: what the TLS library knows."""
    given = ssl.get_default_verify_paths().cafile
    return given or next((path for path in _BUNDLES if Path(path).is_file()), "")


def _look(url: str) -> None:
    """Find out what FFmpeg, which checks for itself, would not say. Raises OSError."""
    parts = urlsplit(url)
    host, context = parts.hostname or "", ssl.create_default_context(cafile=authorities() or None)
    with socket.create_connection((host, parts.port or _TLS_PORT), _LOOK_SECONDS) as plain:
        context.wrap_socket(plain, server_hostname=host).close()


def _is_secure(url: str) -> bool:
    return url.lower().startswith("rtmps:")


def _escaped(value: str) -> str:
    return "".join(f"\\{character}" if character in ":=\\'" else character for character in value)


def _messages(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while len(length := read(LENGTH.size)) == LENGTH.size:
        yield read(LENGTH.unpack(length)[0])


if __name__ == "__main__":
    main()
