"""The transport of one peer connection: ICE-lite, DTLS, SRTP and data channels behind one set of callbacks.

Everything of a connection shares it (BUNDLE). Time comes in with each call; datagrams go out by the socket's burst.

Memory: 25 KB when made, about 100 KB once connected with two data channels (two thirds of it OpenSSL's). A peer that
fills every bound costs 2 MB more for each reliable channel that it does not read, 256 KB for each lossy one, 1 MB that
is in flight, and 1.3 MB for unfinished messages of its own.
"""

from typing import Any

from roomwright.media.transport.burst import Sender
from roomwright.media.transport.channels import ChannelSpec
from roomwright.media.transport.errors import PeerError
from roomwright.media.transport.ice import IceLite
from roomwright.media.transport.link import Link
from roomwright.media.transport.listener import LocalParameters, RemoteParameters, TransportListener
from roomwright.media.transport.localport import Path
from roomwright.media.transport.ports import Counters, Network
from roomwright.media.transport.states import TRANSITIONS, Input, TransportState
from roomwright.media.transport.stun import BindingRequest
from roomwright.media.transport.watch import Allowance, Watch

_OVER = (TransportState.FAILED, TransportState.CLOSED)
_ALIVE_S = 5.0
"""A transport that was heard within this time keeps its addresses."""


class Transport:
    """One transport. Made by `MediaSocket.open`; see the package's docstring for its use.

    Attributes:
        state: where it is in its life.
        reason: why it is DISCONNECTED or FAILED, else empty.
        sender: what `Burst.queue_rtp` takes.
    """

    def __init__(self, network: Network, listener: TransportListener) -> None:
        self.state = TransportState.NEW
        self.reason = ""
        self.sender = Sender()
        self._network = network
        self._listener = listener
        self._ice = IceLite(network.generation())
        network.claim_ufrag(self._ice.newest.ufrag, self)
        self._link = Link(network.certificate, self._transmit, listener, network.settings)
        self._path: Path | None = None
        self._watch = Watch(network.settings, network.monotonic())
        self._allowance = Allowance(network.settings.max_datagrams_per_second)
        self._packets = self._octets = 0

    def __repr__(self) -> str:
        return f"<Transport {self._ice.newest.ufrag}: {self.state.name}{self.reason and f', {self.reason}'}>"

    # for its owner

    @property
    def local(self) -> LocalParameters:
        """What our next description says: after an ICE restart the new credentials."""
        newest, network = self._ice.newest, self._network
        return LocalParameters(newest.ufrag, newest.pwd, network.certificate.fingerprint, network.candidates)

    @property
    def counters(self) -> Counters:
        """What it did so far."""
        srtp, channels = self._link.srtp, self._link.channels
        return Counters(
            packets_received=self._packets,
            octets_received=self._octets,
            packets_sent=self.sender.packets,
            octets_sent=self.sender.octets,
            refused_received=self._allowance.exceeded + (srtp.refused if srtp else 0),
            refused_sent=self.sender.refused,
            messages_dropped=channels.dropped if channels else 0,
            messages_refused=channels.refused if channels else 0,
        )

    @property
    def octets(self) -> int:
        """Bytes of media that came and went, as they are on the wire."""
        return self._octets + self.sender.octets

    def set_remote(self, remote: RemoteParameters) -> None:
        """Take the peer's description, the first or a later one. Raises ValueError and changes nothing if it is wrong.

        If its ICE credentials are other than before, ours are made new too, unless `restart_ice` did so already: build
        the answer from `local` afterwards. Does nothing once the transport is over.
        """
        if self.state in _OVER:
            return
        self._link.describe(remote)
        if self._ice.newest.remote_ufrag not in (None, remote.ufrag):
            self.restart_ice()
        self._ice.newest.remote_ufrag = remote.ufrag
        if self.state is TransportState.NEW:
            self._watch.begin(self._network.monotonic())
            self._enter(Input.REMOTE_SET)
        self._begin()

    def restart_ice(self) -> None:
        """Make new local credentials, for an offer of ours; the old stay valid until the peer uses the new."""
        if self.state not in _OVER:
            self._network.retire(self._ice.restart(self._network.generation()))
            self._network.claim_ufrag(self._ice.newest.ufrag, self)

    def channel(self, label: str, *, ordered: bool = True, max_retransmits: int | None = None) -> None:
        """Make a data channel; `on_channel_open` says when it can be written to."""
        if self.state not in _OVER:
            self._link.open_channel(ChannelSpec(label, ordered, max_retransmits))

    def send(self, label: str, data: bytes) -> bool:
        """Send a binary message; False if it was not taken: no such channel is open, its buffer is full, too large.

        A lossy channel drops what it does not take, and counts it. On a reliable one the caller must slow down.
        """
        channels = self._link.channels
        return channels is not None and channels.send(label, data)

    def buffered(self, label: str) -> int:
        """Bytes of messages that wait on a data channel."""
        channels = self._link.channels
        return channels.buffered(label) if channels else 0

    def send_rtcp(self, packet: bytes) -> None:
        """Send an RTCP packet, plain or compound; dropped and counted unless CONNECTED."""
        self._network.burst.queue_rtcp(self.sender, packet)

    def forget_inbound(self, ssrc: int) -> None:
        """Free what is kept for a stream of the peer's that has ended; its packets could be replayed from then on."""
        self._link.forget(inbound=ssrc)

    def forget_outbound(self, ssrc: int) -> None:
        """Free what is kept for a stream to the peer that has ended; its SSRC must not be used again."""
        self._link.forget(outbound=ssrc)

    def fail(self, reason: str) -> None:
        """Give the transport up. Tells the peer by a closing alert, and the listener."""
        self._end(Input.FAIL, reason)

    def close(self) -> None:
        """End the transport and release everything. Idempotent."""
        self._end(Input.CLOSE)

    # for its socket

    def receive_check(self, request: BindingRequest, path: Path, now: float) -> None:
        """A binding request with a user name of ours."""
        if not self._allowance.take():
            return
        network, refusal = self._network, self._ice.refuse(request)
        if refusal is not None:
            path.send(refusal)
        elif network.claim(path, self, now):
            accepted = self._ice.accept(request, path)
            path.send(accepted.answer)
            network.retire(accepted.retired)
            if accepted.forgotten is not None:
                network.release(accepted.forgotten, self)
            self._watch.heard = now
            self._follow_path()
            self._enter(Input.HEARD)

    def receive_dtls(self, datagram: bytes, now: float) -> None:
        """A DTLS datagram from an address of the peer's."""
        if self.state in _OVER or not self._allowance.take():
            return
        try:
            messages = self._link.receive(datagram, now)
            if self._link.is_secure and self.state is TransportState.CONNECTING:
                self._watch.heard = now
                self._enter(Input.SECURED)
            self._link.deliver(messages, now)
        except PeerError as error:
            self.fail(str(error))

    def receive_srtp(self, pointer: Any, buffer: Any, length: int, is_rtcp: bool, now: float) -> None:
        """An SRTP or SRTCP datagram, in memory that is decrypted in place."""
        srtp = self._link.srtp
        if srtp is None or not self._allowance.take():
            return
        packet = srtp.rtcp(pointer, buffer, length) if is_rtcp else srtp.rtp(pointer, buffer, length)
        if packet is None:
            return
        self._watch.heard = now
        self._packets += 1
        self._octets += length
        (self._listener.on_rtcp if is_rtcp else self._listener.on_rtp)(packet, now)

    def lose(self, path: Path) -> None:
        """A path now belongs to another transport."""
        self._ice.lose(path)
        self._follow_path()

    def is_alive(self, now: float) -> bool:
        """Whether something authentic was heard lately."""
        return self.state not in _OVER and now - self._watch.heard < _ALIVE_S

    def on_time(self, now: float) -> None:
        """Time has passed: at least every quarter of a second while CONNECTING, every second otherwise."""
        self._allowance.renew()
        try:
            self._link.on_time()
        except PeerError as error:
            self.fail(str(error))
        missing = "the handshake was not finished" if self._path else "no valid connectivity check came"
        given, reason = self._watch.judge(self.state, now, missing)
        if given is Input.FAIL:
            self.fail(reason)
        elif given is not None:
            self._enter(given, reason)

    # inside

    def _enter(self, given: Input, reason: str = "") -> None:
        state = TRANSITIONS[self.state].get(given)
        if state is not None:
            self.state = state
            self.reason = reason
            self._open_sender()
            self._listener.on_state(state, reason)

    def _end(self, given: Input, reason: str = "") -> None:
        if given not in TRANSITIONS[self.state]:
            return
        self.sender.shut()
        self._link.close()
        self._network.retire(self._ice.ufrags)
        for path in self._ice.paths:
            self._network.release(path, self)
        self._network.forget(self)
        self._enter(given, reason)

    def _follow_path(self) -> None:
        """Send to where the peer wants it from now on."""
        self._path = self._ice.selected
        self._open_sender()
        self._begin()

    def _open_sender(self) -> None:
        if self._link.srtp is not None and self._path and self.state is TransportState.CONNECTED:
            self.sender.open(self._link.srtp, self._path.sockaddr, self._path.port.burst)
        else:
            self.sender.shut()

    def _begin(self) -> None:
        """Start the handshake as soon as both a way to the peer and its description are there."""
        if self._path:
            for datagram in self._link.start():
                self.receive_dtls(datagram, self._network.monotonic())

    def _transmit(self, datagram: bytes) -> None:
        if self._path:
            self._path.send(datagram)
