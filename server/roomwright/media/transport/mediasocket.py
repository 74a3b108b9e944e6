"""The UDP port of all participants, on one address or several: reading, telling apart, timers.

A datagram goes to a transport by the address it comes from; an address is a transport's after an authentic
connectivity check from it, which is found by the user name it carries. From anywhere else only such checks are looked
at, and never answered unless they name somebody we know: strangers cost one dictionary look-up, or two. With several
sockets each has its own view of addresses, and a peer is answered by the one that it asked.
"""

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress

import structlog

from roomwright.clock import Clock, Ids
from roomwright.media import udp
from roomwright.media.transits import Transits
from roomwright.media.transport import address as addresses
from roomwright.media.transport import stun
from roomwright.media.transport.address import Address
from roomwright.media.transport.certificate import Certificate
from roomwright.media.transport.ice import Generation
from roomwright.media.transport.inbox import BATCH
from roomwright.media.transport.listener import Candidate, TransportListener
from roomwright.media.transport.localport import LocalPort, Path
from roomwright.media.transport.ports import NOTHING, Counters
from roomwright.media.transport.settings import TransportSettings
from roomwright.media.transport.spread import Spread
from roomwright.media.transport.states import TransportState
from roomwright.media.transport.transport import Transport

log = structlog.get_logger(__name__)

_BATCHES = 4
"""Batches read before the event loop gets its turn."""
_SWEEP_S = 0.25
_SWEEPS_PER_SECOND = 4
_SHORTEST = 12
"""Bytes that RTP's header takes; DTLS' is longer, and SRTCP's with its index too."""
_UFRAG_CHARACTERS = 8
_PWD_CHARACTERS = 32
_ICE_CHARACTERS = str.maketrans("-_", "+/")
_WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - to refuse, not to bind
_HOST_PREFERENCE = 126


class MediaSocket:
    """The sockets and the transports on them. Must be made on the event loop; `socks` are bound already, to one port.

    Attributes:
        ports: the sockets.
        settings, certificate, candidates: what every transport on it shares.
        burst: outgoing datagrams.
        bytes_per_second: what came and went lately, of datagrams that belong to a transport.
        transits: how long packets took that were forwarded at once.
        strangers: datagrams from addresses that are nobody's, checks for nobody, and what is too short.
    """

    def __init__(
        self, settings: TransportSettings, clock: Clock, ids: Ids, socks: Sequence[socket.socket] = ()
    ) -> None:
        if settings.host in _WILDCARDS and not settings.advertised:
            raise ValueError(f"{settings.host} listens everywhere: the addresses to advertise must be configured")
        self.settings = settings
        self.certificate = Certificate(clock.now_ns())
        self._clock = clock
        self._ids = ids
        self._loop = asyncio.get_running_loop()
        socks = socks or [udp.bind(settings.host, settings.port, settings.socket_buffer_bytes)]
        self.ports = [LocalPort(sock, self._flush_soon) for sock in socks]
        bursts = [port.burst for port in self.ports]
        self.burst = bursts[0] if len(bursts) == 1 else Spread(bursts)
        self.candidates = _candidates(settings.advertised or (settings.host,), self.port)
        self._by_ufrag: dict[bytes, Transport] = {}
        self._transports: set[Transport] = set()
        self._sweeps = 0
        self._timer: asyncio.TimerHandle | None = None
        self.strangers = 0
        self.transits = Transits()
        self.bytes_per_second = 0.0
        self._octets = self._octets_gone = 0
        self._gone = NOTHING
        self._swept = clock.monotonic()
        for port in self.ports:
            self._loop.add_reader(port.sock, self._read, port)

    def __repr__(self) -> str:
        return f"<MediaSocket {self.settings.host}:{self.port}, {len(self._transports)} transports, {self.burst!r}>"

    @property
    def port(self) -> int:
        """The UDP port."""
        return self.ports[0].sock.getsockname()[1]

    @property
    def counters(self) -> Counters:
        """What all transports did, those that are over too."""
        return sum((transport.counters for transport in self._transports), self._gone)

    def open(self, listener: TransportListener) -> Transport:
        """Make a transport."""
        transport = Transport(self, listener)
        self._transports.add(transport)
        if self._timer is None:
            self._timer = self._loop.call_later(_SWEEP_S, self._on_timer)
        return transport

    def close(self) -> None:
        """Close every transport and the socket. Idempotent."""
        if self.ports[0].sock.fileno() < 0:
            return
        for transport in list(self._transports):
            transport.close()
        self.burst.flush()
        if self._timer is not None:
            self._timer.cancel()
        for port in self.ports:
            self._loop.remove_reader(port.sock)
            port.sock.close()

    def sweep(self, *, only_connecting: bool = False) -> None:
        """Let transports look at the time. Called by a timer, every second for all of them."""
        now = self._clock.monotonic()
        if not only_connecting:
            self._weigh(now)
        for transport in list(self._transports):
            if only_connecting and transport.state is not TransportState.CONNECTING:
                continue
            try:
                transport.on_time(now)
            except Exception:
                self._fault(transport)

    # for the transports

    def monotonic(self) -> float:
        """The time, in seconds."""
        return self._clock.monotonic()

    def generation(self) -> Generation:
        """New ICE credentials."""
        ufrag = self._ice_text(_UFRAG_CHARACTERS)
        while ufrag.encode() in self._by_ufrag:
            ufrag = self._ice_text(_UFRAG_CHARACTERS)
        return Generation(ufrag, self._ice_text(_PWD_CHARACTERS))

    def claim_ufrag(self, ufrag: str, transport: Transport) -> None:
        """Let checks that carry `ufrag` come to `transport`."""
        self._by_ufrag[ufrag.encode()] = transport

    def retire(self, ufrags: list[str]) -> None:
        """Credentials are no longer valid."""
        for ufrag in ufrags:
            self._by_ufrag.pop(ufrag.encode(), None)

    def claim(self, path: Path, transport: Transport, now: float) -> bool:
        """Let what comes by `path` go to `transport`; False if it belongs to another that is alive."""
        owners = path.port.owners
        owner = owners.get(path.address)
        if owner is not None and owner is not transport:
            if owner.is_alive(now):
                return False
            owner.lose(path)
        owners[path.address] = transport
        return True

    def release(self, path: Path, transport: Transport) -> None:
        """`path` is no longer `transport`'s."""
        if path.port.owners.get(path.address) is transport:
            del path.port.owners[path.address]

    def forget(self, transport: Transport) -> None:
        """A transport is over."""
        if transport in self._transports:
            self._octets_gone += transport.octets
            self._gone += transport.counters
            self._transports.discard(transport)

    # reading

    def _read(self, port: LocalPort) -> None:
        now = self._clock.monotonic()
        burst = self.burst
        before = burst.media
        burst.hold()
        try:
            for _ in range(_BATCHES):
                count = port.inbox.fill()
                for index in range(count):
                    self._deliver(port, index, now)
                if count < BATCH or port.sock.fileno() < 0:
                    break
        finally:
            burst.flush()
            if forwarded := burst.media - before:
                self.transits.add(forwarded, self._clock.monotonic() - now)

    def _deliver(self, port: LocalPort, index: int, now: float) -> None:
        """Tell datagrams apart by their first byte (RFC 7983) and whom they are for by their source."""
        inbox = port.inbox
        length = inbox.length(index)
        address = inbox.address(index)
        view = inbox.views[index]
        first = view[0]
        transport = port.owners.get(address)
        if first < 4:
            self._check(inbox.buffers[index][0:length], port, address, now)
        elif transport is None or length < _SHORTEST:
            self.strangers += 1
        else:
            try:
                if 127 < first < 192:
                    is_rtcp = 191 < view[1] < 224
                    transport.receive_srtp(inbox.pointers[index], inbox.buffers[index], length, is_rtcp, now)
                elif 19 < first < 64:
                    transport.receive_dtls(inbox.buffers[index][0:length], now)
            except Exception:
                self._fault(transport)

    def _check(self, datagram: bytes, port: LocalPort, address: Address, now: float) -> None:
        try:
            request = stun.read_request(datagram)
        except stun.StunError:
            self.strangers += 1
            return
        transport = self._by_ufrag.get(request.username.partition(b":")[0])
        if transport is None:
            self.strangers += 1
            return
        try:
            transport.receive_check(request, port.path(address), now)
        except Exception:
            self._fault(transport)

    def _fault(self, transport: Transport) -> None:
        """An exception of ours, not of the peer's: it costs the one transport, and nobody else's."""
        log.exception("a fault in handling a transport", transport=repr(transport))
        with suppress(Exception):
            transport.fail("internal error")

    # timers and small things

    def _weigh(self, now: float) -> None:
        """Compare what all transports have counted with the last time."""
        octets = self._octets_gone + sum(transport.octets for transport in self._transports)
        if now > self._swept:
            self.bytes_per_second = (octets - self._octets) / (now - self._swept)
            self._octets, self._swept = octets, now

    def _flush_soon(self) -> None:
        self._loop.call_soon(self.burst.flush)

    def _on_timer(self) -> None:
        self._timer = None
        self._sweeps += 1
        self.sweep(only_connecting=self._sweeps % _SWEEPS_PER_SECOND != 0)
        if self._transports:
            self._timer = self._loop.call_later(_SWEEP_S, self._on_timer)
        else:
            self._weigh(self._clock.monotonic())

    def _ice_text(self, count: int) -> str:
        return self._ids.secret()[-count:].translate(_ICE_CHARACTERS)


def _candidates(hosts: tuple[str, ...], port: int) -> tuple[Candidate, ...]:
    """Host candidates with falling priority (RFC 8445, 5.1.2). Raises ValueError for what is no IP address."""
    return tuple(
        Candidate(str(number + 1), (_HOST_PREFERENCE << 24) + ((0xFFFF - number) << 8) + 255, host, port)
        for number, host in enumerate(hosts)
        if addresses.pack(host, port)
    )
