"""`rtc.stun_servers` and `rtc.turn_servers`."""

import pytest

from roomwright.config import ConfigError, Flags, TurnServer, load
from roomwright.config.show import to_yaml

TURN = "{host: turn.example, port: 3478, protocol: tls, username: u, credential: hidden}"


def rtc(text: str):
    return load(Flags(config_body=f"rtc: {text}")).config


def test_are_read():
    config = rtc(f"{{stun_servers: ['stun.example:3478'], turn_servers: [{TURN}]}}")
    assert config.rtc.stun_servers == ("stun.example:3478",)
    turn = TurnServer(host="turn.example", port=3478, protocol="tls", username="u", credential="hidden")
    assert config.rtc.turn_servers == (turn,)


def test_a_credential_is_not_shown():
    config = rtc(f"{{turn_servers: [{TURN}]}}")
    assert "hidden" not in to_yaml(config)
    assert "hidden" not in repr(config)
    assert "turn.example" in to_yaml(config)


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ("{port: 1}", r"turn_servers\[0\].host is missing"),
        ("{host: a}", r"turn_servers\[0\].port is missing"),
        ("{host: a, port: 0}", "a whole number from 1 to 65535"),
        ("{host: a, port: 1, protocol: quic}", "one of udp, tcp, tls"),
        ("{host: a, port: 1, credential: 5}", "credential must be a text"),
        ("{host: a, port: 1, secret: s}", "'secret' is not a key of a TURN server that is supported"),
        ("turn.example", "a mapping"),
    ],
)
def test_what_cannot_be_is_refused_by_name(server, words):
    with pytest.raises(ConfigError, match=words):
        rtc(f"{{turn_servers: [{server}]}}")
