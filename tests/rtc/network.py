"""A network of the tests' own, without a way out: loopback, and an interface that carries 127.0.0.2 and fd00::2.

libwebrtc, inside the Python and Node SDKs, ignores the interface `lo`, but takes a loopback address on another one.
"""

import contextlib
import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Self

CLONE_NEWNET = 0x40000000
_HERE = "/proc/thread-self/ns/net"
_SETUP = (
    "link set lo up",
    "link add v0 type veth peer name v1",
    "addr add 127.0.0.2/32 dev v0",
    "link set v0 up",
    "link set v1 up",
)

_IPV6 = "-6 addr add fd00::2/128 dev v0 nodad"


class NetworkError(Exception):
    """A network namespace cannot be had here; the message says why."""


class Network:
    """A network namespace; `has_ipv6`: with fd00::2 in it.

    Within `with network:` this thread is in it, and so are the processes that it starts.
    """

    def __init__(self) -> None:
        if shutil.which("ip") is None:
            raise NetworkError("the command ip (Debian package iproute2) is not on PATH")
        self._depth = 0
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._outside = os.open(_HERE, os.O_RDONLY)
        self._call(self._libc.unshare, CLONE_NEWNET)
        try:
            self._inside = os.open(_HERE, os.O_RDONLY)
            for command in _SETUP:
                subprocess.run(("ip", *command.split()), check=True, capture_output=True)
            self.has_ipv6 = not subprocess.run(("ip", *_IPV6.split()), check=False, capture_output=True).returncode
        except subprocess.CalledProcessError as error:
            raise NetworkError(f"{' '.join(error.cmd)}: {error.stderr.decode().strip()}") from error
        finally:
            self._enter(self._outside)

    def __enter__(self) -> Self:
        self._depth += 1
        self._enter(self._inside)
        return self

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if not self._depth:
            self._enter(self._outside)

    @contextlib.contextmanager
    def outside(self) -> Iterator[None]:
        """For what needs the machine's own network, also within `with network:`."""
        self._enter(self._outside)
        try:
            yield
        finally:
            self._enter(self._inside if self._depth else self._outside)

    def close(self) -> None:
        """Forget the namespace; the system removes it when its last process has ended."""
        os.close(self._inside)
        os.close(self._outside)

    def _enter(self, namespace: int) -> None:
        self._call(self._libc.setns, namespace, CLONE_NEWNET)

    def _call(self, function, *arguments: int) -> None:
        if function(*arguments) != 0:
            reason = os.strerror(ctypes.get_errno())
            raise NetworkError(f"this process may not make network namespaces ({reason}); root may")
