"""The untyped corner: libsrtp's functions on raw memory, and Linux' `recvmmsg` and `sendmmsg`, through cffi.

`pylibsrtp.Session.protect` copies a packet twice and allocates; the same C functions on memory of our own do neither.
That reaches into pylibsrtp (`_binding`, `Session._srtp`); `tests/media/transport/test_private_interfaces.py` fails when
one of them changes. No other module of the package sees a cffi object's inside: they pass `Any` along.
"""

import sys
from importlib import import_module
from typing import Any

from cffi import FFI
from pylibsrtp import Policy, Session

_binding: Any = import_module("pylibsrtp._binding")  # an extension module without stubs
_srtp_ffi: Any = _binding.ffi
_srtp: Any = _binding.lib
_policy: Any = Policy  # its constants have no types

GCM_PROFILE: int = _policy.SRTP_PROFILE_AEAD_AES_128_GCM
CM_PROFILE: int = _policy.SRTP_PROFILE_AES128_CM_SHA1_80
INBOUND: int = _policy.SSRC_ANY_INBOUND
OUTBOUND: int = _policy.SSRC_ANY_OUTBOUND

protect: Any = _srtp.srtp_protect
"""(session, pointer, length) -> status; encrypts in place, `length[0]` grows by the tag."""
protect_rtcp: Any = _srtp.srtp_protect_rtcp
unprotect: Any = _srtp.srtp_unprotect
"""(session, pointer, length) -> status; decrypts in place, `length[0]` shrinks. 0 is success."""
unprotect_rtcp: Any = _srtp.srtp_unprotect_rtcp

_ffi: Any = FFI()
_ffi.cdef("""
    struct vector { void *base; size_t length; };
    struct header {
        void *name; uint32_t name_length; struct vector *vectors; size_t vector_count;
        void *control; size_t control_length; int flags;
    };
    struct message { struct header header; unsigned int length; };
    int sendmmsg(int, struct message *, unsigned int, int);
    int recvmmsg(int, struct message *, unsigned int, int, void *);
""")

HAS_BATCHES = sys.platform == "linux"
"""Whether one system call moves many datagrams; elsewhere `Burst` and `Inbox` make one for each."""
_libc: Any = _ffi.dlopen(None) if HAS_BATCHES else None


def length_cell() -> Any:
    """An `int *` for the length that libsrtp reads and writes."""
    return _srtp_ffi.new("int *")


def session_pointer(session: Session) -> Any:
    """The `srtp_t` inside a session; it lives as long as the session."""
    whole: Any = session
    return whole._srtp[0]


class Arena:
    """`count` slots of `size` bytes, each with an address, laid out for `sendmmsg` and `recvmmsg`.

    Attributes:
        pointers: where each slot begins, for libsrtp.
        buffers: each slot as a writable buffer (`cffi` buffers: slices of them are `bytes`, cut with one copy).
        vectors: each slot's `iovec`; its `length` says how much to send.
        names: each slot's `sockaddr`, as a writable buffer.
        messages: each slot's `mmsghdr`; its `length` says how much came.
    """

    def __init__(self, count: int, size: int, name_bytes: int) -> None:
        self.count = count
        self.name_bytes = name_bytes
        self._memory = _ffi.new("char[]", count * size)
        self._name_memory = _ffi.new("char[]", count * name_bytes)
        self._vectors = _ffi.new("struct vector[]", count)
        self._messages = _ffi.new("struct message[]", count)
        self.pointers: list[Any] = []
        self.buffers: list[Any] = []
        self.vectors: list[Any] = []
        self.names: list[Any] = []
        self.messages: list[Any] = []
        for index in range(count):
            self._lay_out(index, size)

    def _lay_out(self, index: int, size: int) -> None:
        slot = self._memory + index * size
        name = self._name_memory + index * self.name_bytes
        vector, message = self._vectors[index], self._messages[index]
        vector.base, vector.length = slot, size
        message.header.name, message.header.name_length = name, self.name_bytes
        message.header.vectors, message.header.vector_count = _ffi.addressof(vector), 1
        self.pointers.append(_srtp_ffi.cast("char *", int(_ffi.cast("uintptr_t", slot))))
        self.buffers.append(_ffi.buffer(slot, size))
        self.vectors.append(vector)
        self.names.append(_ffi.buffer(name, self.name_bytes))
        self.messages.append(message)

    def send(self, descriptor: int, first: int, count: int) -> int:
        """Send slots; returns how many the kernel took, or a negative errno if it refused the first."""
        sent = _libc.sendmmsg(descriptor, self._messages + first, count, 0)
        return sent if sent >= 0 else -_ffi.errno

    def receive(self, descriptor: int) -> int:
        """Fill slots from the start without waiting; returns how many were filled, 0 if none or on an error."""
        return max(0, _libc.recvmmsg(descriptor, self._messages, self.count, 0, _ffi.NULL))
