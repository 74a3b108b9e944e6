"""The STUN codec against aioice's, the RFC's vectors, and bytes that mean nothing."""

import struct

import pytest
from aioice import stun as aioice
from hypothesis import given
from hypothesis import strategies as st

from roomwright.media.transport import address, stun

PASSWORD = b"VOkJxbRl1RmTxUk/WvJxBt"
# RFC 5769, 2.1: a request with software name, priority, role, user name, integrity and fingerprint
RFC_REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b1"
    "51263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf"
)
addresses = st.one_of(
    st.tuples(st.ip_addresses(v=4).map(str), st.integers(0, 65535)),
    st.tuples(st.ip_addresses(v=6).map(str), st.integers(0, 65535)),
)
plain = st.text(st.characters(codec="ascii", exclude_characters="\x00"), max_size=60)


def request(username: str = "ours:theirs", key: bytes = PASSWORD, **attributes: object) -> bytes:
    message = aioice.Message(aioice.Method.BINDING, aioice.Class.REQUEST)
    message.attributes = {"USERNAME": username, **attributes}
    message.add_message_integrity(key)
    return bytes(message)


def test_the_request_of_the_rfc_is_read():
    read = stun.read_request(RFC_REQUEST)
    assert read.username == b"evtj:h6vY"
    assert read.transaction.hex() == "b7e7a701bc34d686fa87dfae"
    assert read.claims_controlled
    assert not read.nominates
    assert read.unknown == ()
    assert read.is_signed_with(PASSWORD)
    assert not read.is_signed_with(PASSWORD + b"x")


@given(plain, st.binary(min_size=1, max_size=40), st.booleans())
def test_requests_of_aioice_are_read(username, key, nominates):
    attributes = {"USE-CANDIDATE": None} if nominates else {}
    read = stun.read_request(request(username, key, PRIORITY=5, **attributes))
    assert read.username == username.encode()
    assert read.nominates is nominates
    assert read.is_signed_with(key)
    assert not read.is_signed_with(key + b"x")


@given(addresses)
def test_aioice_reads_our_answers(where):
    answer = stun.success(stun.read_request(request()), address.pack(*where), PASSWORD)
    read = aioice.parse_message(answer)
    assert read.message_class == aioice.Class.RESPONSE
    assert address.pack(*read.attributes["XOR-MAPPED-ADDRESS"]) == address.pack(*where)
    assert read.check_message_integrity(PASSWORD)


@pytest.mark.parametrize("code", [400, 401, 487])
def test_a_refusal_is_read_and_shorter_than_what_it_refuses(code):
    datagram = request()
    refusal = stun.refusal(stun.read_request(datagram), code)
    assert aioice.parse_message(refusal).error_code == code
    assert len(refusal) < len(datagram)


def test_an_unknown_attribute_is_named():
    message = aioice.Message(aioice.Method.BINDING, aioice.Class.REQUEST)
    message.attributes = {"USERNAME": "ours:theirs", "REALM": "unexpected here"}
    message.add_message_integrity(PASSWORD)
    read = stun.read_request(bytes(message))
    assert read.unknown == (0x0014,)
    refusal = stun.refusal(read, 420, PASSWORD)
    assert b"\x00\x0a\x00\x02\x00\x14" in refusal
    assert aioice.parse_message(refusal).check_message_integrity(PASSWORD)


def test_what_follows_the_signature_is_not_believed():
    message = aioice.Message(aioice.Method.BINDING, aioice.Class.REQUEST)
    message.attributes = {"USERNAME": "ours:theirs"}
    message.add_message_integrity(PASSWORD)
    del message.attributes["FINGERPRINT"]
    message.attributes["USE-CANDIDATE"] = None
    message.add_fingerprint()
    read = stun.read_request(bytes(message))
    assert not read.nominates
    assert read.is_signed_with(PASSWORD)


def sealed(kind: int, body: bytes) -> bytes:
    """A message with a right length and checksum around anything."""
    message = struct.pack("!HH", kind, len(body)) + b"\x21\x12\xa4\x42" + bytes(12) + body
    message = stun._with_length(message, 8)
    return message + b"\x80\x28\x00\x04" + stun._checksum(message)


@pytest.mark.parametrize(
    ("datagram", "why"),
    [
        (b"", "no STUN header"),
        (RFC_REQUEST[:19], "no STUN header"),
        (b"\x00\x01\x00\x00\x21\x12\xa4\x43" + bytes(12), "no STUN header"),
        (RFC_REQUEST[:-1], "107 bytes instead of 108"),
        (RFC_REQUEST + bytes(4), "112 bytes instead of 108"),
        (RFC_REQUEST[:-8][:2] + b"\x00\x50" + RFC_REQUEST[4:-8], "no FINGERPRINT"),
        (RFC_REQUEST[:-1] + b"\x00", "FINGERPRINT is wrong"),
        (sealed(0x0101, b""), "type 0x0101 instead"),
        (sealed(0x0011, b""), "type 0x0011 instead"),
        (sealed(0x0003, b""), "type 0x0003 instead"),
        (sealed(0x0001, b"\x00\x08\x00\x04abcd"), "MESSAGE-INTEGRITY has 4 bytes"),
        (sealed(0x0001, b"\x80\x00\x00\x00" * 40), "more than 32 attributes"),
        (b"\x00\x01\x00\x04\x21\x12\xa4\x42" + bytes(12) + b"\x00\x06\x00\x09", "reaches beyond"),
    ],
)
def test_what_is_no_binding_request_is_refused(datagram, why):
    with pytest.raises(stun.StunError, match=why):
        stun.read_request(datagram)


@given(st.binary(max_size=200), st.binary(max_size=80))
def test_any_bytes_are_refused_or_read(datagram, body):
    for attempt in (datagram, sealed(1, body[: len(body) // 4 * 4])):
        try:
            stun.read_request(attempt)
        except stun.StunError:
            continue


@given(st.integers(0, len(RFC_REQUEST) - 1), st.integers(1, 255))
def test_a_changed_byte_is_noticed(position, change):
    changed = bytearray(RFC_REQUEST)
    changed[position] ^= change
    with pytest.raises(stun.StunError):
        stun.read_request(bytes(changed))


@given(addresses)
def test_addresses_survive_packing(where):
    packed = address.pack(*where)
    assert address.pack(*address.unpack(packed)) == packed
    assert address.from_sockaddr(address.sockaddr_v6(packed)) == packed
    if len(packed) == address.IPV4_BYTES:
        assert address.from_sockaddr(address.sockaddr_v4(packed)) == packed


def test_addresses_that_cannot_be():
    with pytest.raises(ValueError, match="port 65536"):
        address.pack("127.0.0.1", 65536)
    with pytest.raises(ValueError, match="does not appear to be"):
        address.pack("localhost", 1)
    with pytest.raises(ValueError, match=r"\[::1\]:9 cannot be reached from an IPv4 socket"):
        address.sockaddr_v4(address.pack("::1", 9))
