"""A server that takes whatever storage clients and their proxies send, and remembers it: what is really on the wire."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

_ANSWERS: Final = {
    "uploads": "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>",
    "uploadId": "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One request."""

    method: str
    path: str
    headers: Message

    def __str__(self) -> str:
        return "\n".join(
            [f"{self.method} {self.path}", *(f"{name.lower()}: {value}" for name, value in self.headers.items())]
        )


class Witness(ThreadingHTTPServer):
    """`seen` are all requests, in order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[Seen] = []

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def that(self, *methods: str) -> list[Seen]:
        """The requests with these methods."""
        return [one for one in self.seen if one.method in methods]


@contextmanager
def witness() -> Iterator[Witness]:
    """One that runs."""
    server = Witness()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Witness
    protocol_version = "HTTP/1.1"

    def _take(self) -> None:
        self.server.seen.append(Seen(self.command, self.path, self.headers))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        query = self.path.partition("?")[2].partition("=")[0] if self.command == "POST" else ""
        body = _ANSWERS.get(query, "").encode()
        self.send_response(502 if self.command == "CONNECT" else 200)
        for name, value in (("ETag", '"e"'), ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_PUT = do_POST = do_CONNECT = do_DELETE = _take  # noqa: N815 - the names that the library looks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""
