"""The STUN and TURN servers that clients are told to use: those that are configured, and never any other."""

from roomwright.config import RtcSettings
from roomwright_proto import livekit as pb

_TURN = {"udp": "turn:{}:{}?transport=udp", "tcp": "turn:{}:{}?transport=tcp", "tls": "turns:{}:{}?transport=tcp"}


def ice_servers(settings: RtcSettings) -> tuple[pb.IceServer, ...]:
    """The configured servers as clients get them."""
    stun = [f"stun:{server.removeprefix('stun:')}" for server in settings.stun_servers]
    turn = [
        pb.IceServer(
            urls=[
                _TURN[server.protocol].format(f"[{server.host}]" if ":" in server.host else server.host, server.port)
            ],
            username=server.username,
            credential=server.credential,
        )
        for server in settings.turn_servers
    ]
    return (*((pb.IceServer(urls=stun),) if stun else ()), *turn)
