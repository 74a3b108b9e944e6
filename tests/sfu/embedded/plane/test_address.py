"""Where media is listened for, as the configuration says."""

import socket

import pytest

from roomwright.app import MEDIA_PORT, media_address
from roomwright.clock import RandomIds, SystemClock
from roomwright.config import Flags, load
from roomwright.sfu.embedded.plane import MediaAddress, WebRtc

LOOPBACK, ALL_V4, ALL_V6 = "127.0.0.1", "0.0.0.0", "::"


@pytest.mark.parametrize(
    ("flags", "hosts", "port", "advertised"),
    [
        (Flags(dev=True), [LOOPBACK], 0, [LOOPBACK]),
        (Flags(dev=True, port=0, node_ip="10.0.0.1"), [LOOPBACK], 0, ["10.0.0.1"]),
        (Flags(), [LOOPBACK], MEDIA_PORT, [LOOPBACK]),
        (Flags(port=0), [LOOPBACK], 0, [LOOPBACK]),
        (Flags(node_ip="10.0.0.1"), [ALL_V4], MEDIA_PORT, ["10.0.0.1"]),
        (Flags(node_ip="2001:db8::1"), [ALL_V6], MEDIA_PORT, ["2001:db8::1"]),
        (Flags(bind=(ALL_V4,), node_ip="10.0.0.1"), [ALL_V4], MEDIA_PORT, ["10.0.0.1"]),
        (Flags(bind=(ALL_V4,)), [LOOPBACK], MEDIA_PORT, [LOOPBACK]),
        (Flags(bind=("192.0.2.1",)), ["192.0.2.1"], MEDIA_PORT, ["192.0.2.1"]),
        (Flags(bind=("localhost",)), [LOOPBACK], MEDIA_PORT, [LOOPBACK]),
        (Flags(bind=(LOOPBACK, "::1"), node_ip="203.0.113.1"), [ALL_V4], MEDIA_PORT, ["203.0.113.1"]),
        (Flags(bind=(LOOPBACK,), node_ip="127.0.0.2"), [LOOPBACK], MEDIA_PORT, ["127.0.0.2"]),
        (Flags(bind=("192.0.2.1", LOOPBACK)), ["192.0.2.1", LOOPBACK], MEDIA_PORT, ["192.0.2.1", LOOPBACK]),
        (
            Flags(bind=("192.0.2.1", LOOPBACK), node_ip="203.0.113.1"),
            ["192.0.2.1", LOOPBACK],
            MEDIA_PORT,
            ["203.0.113.1"],
        ),
        (
            Flags(bind=("192.0.2.1", "2001:db8::1"), node_ip="203.0.113.1"),
            ["192.0.2.1", "2001:db8::1"],
            MEDIA_PORT,
            ["203.0.113.1", "2001:db8::1"],
        ),
        (
            Flags(bind=("2001:db8::1", "192.0.2.1"), node_ip="2001:db8::9"),
            ["2001:db8::1", "192.0.2.1"],
            MEDIA_PORT,
            ["2001:db8::9", "192.0.2.1"],
        ),
        (
            Flags(bind=(ALL_V4, "192.0.2.1", "2001:db8::1"), node_ip="203.0.113.1"),
            [ALL_V4, "2001:db8::1"],
            MEDIA_PORT,
            ["203.0.113.1", "2001:db8::1"],
        ),
        (Flags(bind=("example.org",)), [LOOPBACK], MEDIA_PORT, [LOOPBACK]),
        (Flags(dev=True, config_body="rtc: {udp_port: 5000}"), [LOOPBACK], 5000, [LOOPBACK]),
    ],
)
def test_where_media_arrives(flags, hosts, port, advertised):
    assert media_address(load(flags).config) == MediaAddress(tuple(hosts), port, tuple(advertised))


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
    assert repr(plane) == f"<WebRtc 127.0.0.1; port {plane.port}: nobody has joined yet>"
    await plane.close()
    await plane.close()
