"""Reverse proxies as docs/deployment.md configures them, in front of a server on another port; without privileges."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.support import skip_or_fail

SERVER = "127.0.0.1:7880"
NGINX_AROUND = """\
daemon off;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
access_log off;
client_body_temp_path {folder}/body;
proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/fastcgi;
scgi_temp_path {folder}/scgi;
uwsgi_temp_path {folder}/uwsgi;
{server}
}}
"""
CADDY_AROUND = """\
{{
    admin off
    local_certs
    skip_install_trust
    grace_period 1s
    auto_https disable_redirects
    default_bind 127.0.0.1
    storage file_system {folder}/storage
}}
{server}
"""


@contextlib.contextmanager
def nginx(configuration: str, server: str, folder: Path) -> Iterator[str]:
    """The URL of an nginx in front of `server` (`127.0.0.1:41003`), with the document's configuration of it."""
    program, port = _found("nginx"), free_port()
    _certificate(folder)
    here = configuration.replace("443 ssl", f"127.0.0.1:{port} ssl").replace(SERVER, server)
    here = here.replace("/etc/letsencrypt/live/live.example.com", str(folder))
    (folder / "nginx.conf").write_text(NGINX_AROUND.format(folder=folder, server=here), encoding="utf-8")
    with _running([program, "-c", str(folder / "nginx.conf")], folder, port):
        yield f"https://127.0.0.1:{port}"


@contextlib.contextmanager
def caddy(configuration: str, server: str, folder: Path) -> Iterator[str]:
    """The URL of a Caddy, as `nginx` is; it makes its certificate itself."""
    program, port = _found("caddy"), free_port()
    here = configuration.replace("live.example.com", f"https://localhost:{port}").replace(SERVER, server)
    (folder / "Caddyfile").write_text(CADDY_AROUND.format(folder=folder, server=here), encoding="utf-8")
    with _running([program, "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")], folder, port):
        yield f"https://localhost:{port}"


def _found(name: str) -> str:
    program = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if program is None or shutil.which("openssl") is None:
        skip_or_fail(f"the proxy needs {name} and openssl")
    return program


def _certificate(folder: Path) -> None:
    made = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=x")
    files = ("-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem")
    subprocess.run(["openssl", "req", "-x509", *made, *files], check=True, capture_output=True, timeout=60)


@contextlib.contextmanager
def _running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(command, env={**os.environ, "HOME": str(folder)}, stdout=output, stderr=output)
    try:
        _await(process, port, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the proxy does not listen")
