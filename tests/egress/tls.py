"""A certificate authority of the tests' own, and TLS in front of a server that has none."""

import asyncio
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.egress.programs import program

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
_USAGE = "keyUsage=critical,keyCertSign,cRLSign"
"""Python 3.13 is strict: an authority says that it may vouch, and a certificate by which key it was signed."""


@dataclass(frozen=True, slots=True)
class Authority:
    """What `authority.pem` vouches for. Files are made by openssl in `folder`."""

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> "Authority":
        """A new one."""
        made = cls(folder)
        files = ("-keyout", "authority.key", "-out", "authority.pem")
        made._openssl("req", "-x509", *_KEY, *files, "-subj", "/CN=tests", "-addext", _USAGE)
        return made

    @property
    def file(self) -> Path:
        """Who trusts this file trusts its certificates."""
        return self.folder / "authority.pem"

    def certificate(self, host: str, *, days: int = 2) -> tuple[Path, Path]:
        """A certificate for a host, and its key."""
        extensions = f"subjectAltName=DNS:{host}\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
        (self.folder / "extensions").write_text(extensions)
        self._openssl("req", *_KEY, "-keyout", f"{host}.key", "-out", f"{host}.csr", "-subj", f"/CN={host}")
        signing = ("-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial", "-extfile", "extensions")
        self._openssl("x509", "-req", "-in", f"{host}.csr", "-out", f"{host}.pem", "-days", str(days), *signing)
        return self.folder / f"{host}.pem", self.folder / f"{host}.key"

    def _openssl(self, *arguments: str) -> None:
        subprocess.run([program("openssl"), *arguments], cwd=self.folder, check=True, capture_output=True, timeout=30)


@contextmanager
def tls_front(certificate: tuple[Path, Path], behind: int) -> Iterator[int]:
    """TLS on a port that is given; what comes in goes on to the port behind."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _, __: None)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(65_536)
        if not first:
            writer.close()  # somebody looked at the certificate alone
            return
        other_reader, other_writer = await asyncio.open_connection("127.0.0.1", behind)
        other_writer.write(first)
        with suppress(OSError):
            await asyncio.gather(_pump(reader, other_writer), _pump(other_reader, writer))

    server = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0, ssl=context))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()
