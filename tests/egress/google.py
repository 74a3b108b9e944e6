"""A stand-in for Google's storage: the few requests of its XML API that recorders make.

The emulator that there is (fake-gcs-server 1.5x) refuses these requests: it has the JSON API alone.
"""

import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

DATE = "Sun, 22 Nov 2026 22:00:00 GMT"


class Google(ThreadingHTTPServer):
    """`objects` are what is stored, by `/bucket/path`; `parts` the uploads that are not complete."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects: dict[str, bytes] = {}
        self.parts: dict[str, dict[int, bytes]] = defaultdict(dict)

    @property
    def credentials(self) -> str:
        """A service account's key that leads here and asks for no token."""
        account = {"client_email": "", "private_key": "", "private_key_id": ""}
        url = f"http://127.0.0.1:{self.server_address[1]}"
        return json.dumps({**account, "gcs_base_url": url, "disable_oauth": True})


@contextmanager
def google() -> Iterator[Google]:
    """One that runs."""
    server = Google()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Handler(BaseHTTPRequestHandler):
    server: Google
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        path, query = self._where()
        if "uploadId" in query:
            self.server.parts[query["uploadId"]][int(query["partNumber"])] = self._body()
        else:
            self.server.objects[path] = self._body()
        self._answer(b"")

    def do_POST(self) -> None:
        path, query = self._where()
        self._body()
        if "uploads" in query:
            name = f"upload-{len(self.server.parts)}"
            self._answer(f"<InitiateMultipartUploadResult><UploadId>{name}</UploadId></InitiateMultipartUploadResult>")
        else:
            parts = self.server.parts.pop(query["uploadId"])
            self.server.objects[path] = b"".join(parts[number] for number in sorted(parts))
            self._answer("<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>")

    def do_GET(self) -> None:
        found = self.server.objects.get(self._where()[0])
        self._answer(found or b"", 404 if found is None else 200)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _where(self) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        return unquote(parts.path), {k: v[0] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _answer(self, body: bytes | str, status: int = 200) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in (("ETag", '"e"'), ("Last-Modified", DATE), ("Content-Length", str(len(data)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
