"""Every number that bounds a client is a key of the configuration, or stands here with the reason why it is none."""

import ast
import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

import roomwright
from roomwright.clock import RandomIds, SystemClock
from roomwright.config import Config, ConfigError, Flags, LimitSettings, PliThrottle, RtcSettings, load
from roomwright.media.forward.settings import ForwardSettings, SpeakerSettings
from roomwright.media.transport import TransportSettings
from roomwright.sfu.embedded import EmbeddedBackend
from roomwright.sfu.embedded.plane.settings import forward_settings, transport_settings

CHANGED = RtcSettings(
    **{
        field.name: 2 * field.default + 2 for field in dataclasses.fields(RtcSettings) if isinstance(field.default, int)
    },
    pli_throttle=PliThrottle(low_quality=9, mid_quality=9, high_quality=9),
)

NO_KEY = {
    TransportSettings: {
        "host": "where, not how much",
        "port": "where, not how much",
        "advertised": "where, not how much",
    },
    ForwardSettings: {
        "key_frame_patience": "a rhythm of ours",
        "reports": "a rhythm of ours",
        "idle_layer": "a rhythm of ours",
        "quality_interval": "a rhythm of ours",
        "speakers": "who counts as speaking: a rhythm of ours",
    },
    SpeakerSettings: {name.name: "who counts as speaking" for name in dataclasses.fields(SpeakerSettings)},
}
"""Fields of settings that no key feeds."""

FIXED = {
    "protocol": """
        media.transport.address:IPV4_BYTES media.transport.address:IPV6_BYTES
        media.transport.address:SOCKADDR_V4_BYTES media.transport.address:SOCKADDR_V6_BYTES
        media.transport.stun:HEADER_BYTES media.transport.dtls:_MAX_RECORD
        media.transport.sctp:_DCEP_OPEN_BYTES media.transport.screening:MAX_STREAM
        media.rtp.header:HEADER_BYTES media.rtp.red:_BLOCK_HEADER_BYTES media.rtp.rtcp:_BLOCK_BYTES
        media.rtp.rtcp_write:MAX_BLOCKS media.sdp.parameters:_MAX_PRIORITY media.sdp.parameters:_MAX_PORT
        media.sdp.attributes:_MAX_SSRC media.sdp.attributes:_DIGEST_BYTES media.forward.translation:_LARGEST_ID
        media.sdp.description:DEFAULT_MESSAGE_BYTES rooms.limits:RPC_PAYLOAD_SIZE
        rooms.data_tracks:NAME_SIZE rooms.limits:NONCE_SIZE
        media.rtp.rewrite:_KEPT_BITS rooms.rpc:CONNECTION_TIMEOUT rooms.rpc:RESPONSE_TIMEOUT
        rooms.rpc:ACKNOWLEDGE_WITHIN rooms.rpc:ANSWER_WITHIN
    """,
    "what every browser takes as one message, and announced in every description": """
        media.transport.sctp:MAX_MESSAGE_BYTES media.sdp.sections:MAX_MESSAGE_SIZE
    """,
    "the form of our own buffers: no datagram on a usual path is larger": """
        media.transport.burst:SLOTS media.transport.burst:SLOT_BYTES media.transport.burst:MAX_RTP_BYTES
        media.transport.inbox:SLOT_BYTES
    """,
    "a bound on abuse that no client comes near, of a few bytes each": """
        media.transport.link:MAX_EARLY_DATAGRAMS media.transport.ice:MAX_ADDRESSES media.transport.stun:MAX_ATTRIBUTES
        media.transport.sctp:_MAX_MALFORMED media.transport.screening:MAX_GAPS media.transport.srtp:MAX_STREAMS
        media.rtp.rtcp:MAX_NUMBERS media.sdp.attributes:MAX_ITEMS media.sdp.reader:MAX_LINE_LENGTH
        media.forward.losses:MAX_MISSING media.forward.losses:TRIES media.forward.stretches:KEPT
        media.forward.down:_REPORTS_KEPT wire.rtc:_MAX_PARAMETERS rooms.data:NONCES_KEPT
    """,
    "follows from SCTP's receive window of 1 MB and from what aiortc's sorting costs": """
        media.transport.sctp:_MAX_MISORDERED media.transport.sctp:_MAX_OVERDRAFT media.transport.sctp:_MAX_IN_FLIGHT
        media.transport.sctp:_MAX_CHUNKS_IN_FLIGHT media.transport.sctp:_WORK_PER_SECOND
    """,
    "no more comes through signalling, which limit.max_signal_size bounds": """
        media.sdp.reader:MAX_BYTES media.sdp.reader:MAX_LINES
    """,
    "the default of limit.max_media_sections": "media.sdp.reader:MAX_SECTIONS",
    "follows from another limit": "rooms.limits:MERGED_ATTRIBUTES_FACTOR",
    "layers that the schema has names for": "media.forward.up:_MAX_LAYERS",
    "sections that we make, not the client": "media.sdp.slots:MAX_FREE",
    "kept of what the API said, not of what clients say": "rooms.revocations:KEPT",
    "bounds listeners in this process": "sfu.fanout:BACKLOG",
    "a rhythm of ours": """
        media.transport.mediasocket:_SWEEPS_PER_SECOND media.forward.quality:_PER_SECOND
        wire.websocket:_CLOSE_WITHIN_S
    """,
    "the unit of the clock": "rooms.instant:NS_PER_SECOND",
    "where the last class of measured times begins": "media.transits:_LONGEST_US",
}
"""Constants that look like a bound and have no key: by the reason."""

WHERE = ("media", "signalling", "sfu/embedded", "sfu/fanout.py", "rooms", "wire/rtc.py", "wire/websocket.py")
BOUNDS = re.compile(
    r"MAX|LARGEST|LONGEST_|KEPT|LIMIT|TRIES|WITHIN|SLOTS|BACKLOG|TRACKS|SIZE|BYTES|TIMEOUT|PER_SECOND|FACTOR"
)
SOUND = re.compile(r"media\.forward\.loudness:|signalling\.greeting:PING_TIMEOUT_S")
"""Not about bounds: how loud somebody is, what clients are told of their own pings."""


def constants() -> set[str]:
    """The numbers that modules name, of those whose names sound like a bound."""
    root = Path(roomwright.__file__).parent
    files = [
        file for place in WHERE for file in ([root / place] if place.endswith(".py") else (root / place).rglob("*.py"))
    ]
    found = set[str]()
    for file in files:
        module = ".".join(file.relative_to(root).with_suffix("").parts)
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant | ast.BinOp):
                found |= {
                    f"{module}:{name.id}" for name in node.targets if isinstance(name, ast.Name) and is_number(node)
                }
    return {name for name in found if BOUNDS.search(name.partition(":")[2]) and not SOUND.match(name)}


def is_number(node: ast.Assign) -> bool:
    numbers = [item.value for item in ast.walk(node.value) if isinstance(item, ast.Constant)]
    return bool(numbers) and all(isinstance(number, int | float) for number in numbers)


def test_no_constant_bounds_a_client_without_a_reason() -> None:
    excused = {name for names in FIXED.values() for name in names.split()}
    assert constants() - excused == set(), "give it a key of the configuration, or a reason here"
    assert excused - constants() == set(), "is not there any more"


@pytest.mark.parametrize(
    ("made", "default"),
    [
        (transport_settings(CHANGED, "127.0.0.1", 0, ()), TransportSettings()),
        (forward_settings(CHANGED), ForwardSettings()),
    ],
    ids=["transport", "forwarding"],
)
def test_every_setting_of_media_follows_a_key(made: Any, default: Any) -> None:
    same = {
        field.name for field in dataclasses.fields(made) if getattr(made, field.name) == getattr(default, field.name)
    }
    assert same == set(NO_KEY[type(made)])


@pytest.mark.parametrize("made", [transport_settings(RtcSettings(), "127.0.0.1", 0, ()), TransportSettings()])
def test_the_defaults_of_keys_are_those_of_the_transport(made: TransportSettings) -> None:
    assert made == TransportSettings()


def test_the_defaults_of_keys_are_those_of_forwarding() -> None:
    made = forward_settings(RtcSettings())
    assert dataclasses.replace(made, key_frame_intervals=made.key_frame_intervals[:1]) == ForwardSettings()


async def test_signalling_waits_and_keeps_as_configured() -> None:
    limits = LimitSettings(max_missed_messages=7)
    backend = EmbeddedBackend(Config().room, limits, SystemClock(), RandomIds(), resume_within=3)
    assert (backend.host.missed_messages, backend.host.resume_within) == (7, 3)
    await backend.close()


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("limit: {max_tracks: 0}", "limit.max_tracks must be a whole number from 1 to 10000, not 0"),
        ("limit: {max_media_sections: 2}", "limit.max_media_sections must be"),
        ("rtc: {max_streams: 513}", "rtc.max_streams must be"),
        ("rtc: {connect_timeout: 1.5}", "rtc.connect_timeout must be"),
        ("rtc: {packet_buffer_size_video: 0}", "rtc.packet_buffer_size_video must be"),
        ("rtc: {pli_throttle: {low_quality: 500}}", "rtc.pli_throttle.low_quality must be a time"),
        ("rtc: {pli_throttle: {lowest: 1s}}", "rtc.pli_throttle: 'lowest' is not one of"),
        ("rtc: {pli_throttle: {low_quality: 1h}}", "rtc.pli_throttle.low_quality must be a time from 0s to 60m"),
        ("rtc: {max_data_channels: 2}", "rtc.max_data_channels must be"),
    ],
)
def test_a_limit_out_of_range_is_refused_by_name(body: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(problem)):
        load(Flags(config_body=body))


def test_livekits_own_spellings_are_understood() -> None:
    body = (
        "enable_data_tracks: false\nrtc: {packet_buffer_size: 700, pli_throttle: {low_quality: 250ms, mid_quality: 2m}}"
    )
    loaded = load(Flags(config_body=body))
    assert not loaded.config.room.enable_data_tracks
    assert loaded.config.rtc.packet_buffer_size_video == 700
    assert loaded.config.rtc.pli_throttle == PliThrottle(low_quality=0.25, mid_quality=120.0, high_quality=0.5)
    assert forward_settings(loaded.config.rtc).kept_video == 1024
