import pytest

from roomwright.config import RtcSettings, TurnServer
from roomwright.signalling.ice_servers import ice_servers
from roomwright_proto import livekit as pb


def test_none_is_made_up():
    assert ice_servers(RtcSettings()) == ()


def test_stun_servers_are_one_entry():
    (server,) = ice_servers(RtcSettings(stun_servers=("a.example:3478", "stun:b.example:3478")))
    assert server == pb.IceServer(urls=["stun:a.example:3478", "stun:b.example:3478"])


@pytest.mark.parametrize(
    ("protocol", "host", "url"),
    [
        ("udp", "turn.example", "turn:turn.example:3478?transport=udp"),
        ("tcp", "turn.example", "turn:turn.example:3478?transport=tcp"),
        ("tls", "2001:db8::1", "turns:[2001:db8::1]:3478?transport=tcp"),
    ],
)
def test_turn_servers_come_with_their_credentials(protocol, host, url):
    turn = TurnServer(host=host, port=3478, protocol=protocol, username="u", credential="c")
    assert ice_servers(RtcSettings(turn_servers=(turn,))) == (pb.IceServer(urls=[url], username="u", credential="c"),)
