"""The transport of media: ICE-lite, DTLS, SRTP and data channels of all participants, on one UDP port.

    media_socket = MediaSocket(TransportSettings(host="127.0.0.1", port=0), clock, ids)
    transport = media_socket.open(listener)             # one per peer connection (BUNDLE)
    transport.set_remote(RemoteParameters(ufrag, fingerprint, Setup.ACTPASS))   # from each description of theirs
    transport.local                                     # then: ufrag, pwd, fingerprint, candidates for our answer
    transport.restart_ice()                             # only before an offer of ours that restarts ICE
    transport.channel("_lossy", ordered=False, max_retransmits=0)   # of our making; see also on_channel_open
    transport.send("_lossy", data)                      # False: not taken, the buffer is full or it is not open
    transport.send_rtcp(packet)
    media_socket.burst.queue_rtp(transport.sender, header, payload)   # the hot path; see burst.py
    transport.close()

We are `a=ice-lite`, and `a=setup:passive` in an answer (`active` only to a peer that insists on `passive`); in an offer
of ours we say `actpass` and the answer decides, `Setup.ACTIVE` or `Setup.PASSIVE`. SCTP is on port 5000 and takes
messages of MAX_MESSAGE_BYTES. A transport that FAILED has released everything already, and `close` is all that can be
done with it; its reason is PEER_CLOSED when the client said goodbye. The order of calls is free: channels may be asked
for at once, and a client that is faster than its description is waited for.

What happens comes back through a `TransportListener`, synchronously. Everything runs on the event loop's thread; there
are no tasks. Owned here: the socket, STUN, DTLS, SRTP, SCTP, their timers and limits. Not here: session descriptions,
RTP's meaning, what goes to whom.
"""

from roomwright.media.transport.burst import MAX_RTP_BYTES, SLOT_BYTES, Burst, Sender
from roomwright.media.transport.errors import PEER_CLOSED
from roomwright.media.transport.listener import (
    Candidate,
    LocalParameters,
    RemoteParameters,
    Setup,
    TransportListener,
)
from roomwright.media.transport.mediasocket import MediaSocket
from roomwright.media.transport.ports import Counters
from roomwright.media.transport.sctp import MAX_MESSAGE_BYTES
from roomwright.media.transport.sctp import PORT as SCTP_PORT
from roomwright.media.transport.settings import TransportSettings
from roomwright.media.transport.states import TransportState
from roomwright.media.transport.transport import Transport

__all__ = [
    "MAX_MESSAGE_BYTES",
    "MAX_RTP_BYTES",
    "PEER_CLOSED",
    "SCTP_PORT",
    "SLOT_BYTES",
    "Burst",
    "Candidate",
    "Counters",
    "LocalParameters",
    "MediaSocket",
    "RemoteParameters",
    "Sender",
    "Setup",
    "Transport",
    "TransportListener",
    "TransportSettings",
    "TransportState",
]
