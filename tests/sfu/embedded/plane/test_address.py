"""Where media is listened for, as the configuration says."""

import socket

import pytest

from roomwright.app import MEDIA_PORT, media_address
from roomwright.clock import RandomIds, SystemClock
from roomwright.config import Flags, load
from roomwright.sfu.embedded.plane import MediaAddress, WebRtc


@pytest.mark.parametrize(
    ("flags", "address"),
    [
        (Flags(dev=True), MediaAddress("127.0.0.1", 0)),
        (Flags(dev=True, port=0, node_ip="10.0.0.1"), MediaAddress("127.0.0.1", 0, "10.0.0.1")),
        (Flags(), MediaAddress("127.0.0.1", MEDIA_PORT)),
        (Flags(port=0), MediaAddress("127.0.0.1", 0)),
        (Flags(node_ip="10.0.0.1"), MediaAddress("0.0.0.0", MEDIA_PORT, "10.0.0.1")),
        (Flags(node_ip="2001:db8::1"), MediaAddress("::", MEDIA_PORT, "2001:db8::1")),
        (Flags(bind=("0.0.0.0",), node_ip="10.0.0.1"), MediaAddress("0.0.0.0", MEDIA_PORT, "10.0.0.1")),
        (Flags(bind=("0.0.0.0",)), MediaAddress("127.0.0.1", MEDIA_PORT)),
        (Flags(bind=("192.0.2.1",)), MediaAddress("192.0.2.1", MEDIA_PORT)),
        (Flags(bind=("localhost",)), MediaAddress("127.0.0.1", MEDIA_PORT)),
        (Flags(bind=("192.0.2.1", "127.0.0.1"), node_ip="192.0.2.1"), MediaAddress("0.0.0.0", MEDIA_PORT, "192.0.2.1")),
        (Flags(bind=("example.org",)), MediaAddress("127.0.0.1", MEDIA_PORT)),
        (Flags(dev=True, config_body="rtc: {udp_port: 5000}"), MediaAddress("127.0.0.1", 5000)),
    ],
)
def test_where_media_arrives(flags, address):
    assert media_address(load(flags).config) == address


async def test_a_port_that_is_taken_is_an_error_at_the_start():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        plane = WebRtc(MediaAddress(port=port), SystemClock(), RandomIds())
        with pytest.raises(OSError, match="in use"):
            await plane.start()
        await plane.close()


async def test_nothing_is_loaded_before_somebody_joins():
    plane = WebRtc(MediaAddress(), SystemClock(), RandomIds())
    assert plane.port == 0
    await plane.start()
    assert plane.port > 0
    assert repr(plane) == f"<WebRtc 127.0.0.1:{plane.port}: nobody has joined yet>"
    await plane.close()
    await plane.close()
