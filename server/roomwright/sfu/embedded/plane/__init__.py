"""The media plane: transports, negotiation, forwarding and data of every client of the embedded backend.

    WebRtc         what the backend is given: binds the port, loads everything else at the first join
    Hub            the socket, the router of packets, their timers, what is told to rooms
    ClientMedia    one client: what it publishes, what it receives, its data
    Negotiation    one connection on which the client offers (`single`), or two (`pair`)
    Connection     one transport and its endpoint in the router

Importing this package loads no media library.
"""

from roomwright.sfu.embedded.plane.webrtc import MediaAddress, WebRtc

__all__ = ["MediaAddress", "WebRtc"]
