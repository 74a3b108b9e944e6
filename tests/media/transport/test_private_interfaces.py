"""What is used of aiortc's and pylibsrtp's private interfaces. A new version that changes one of them fails here.

The versions in pyproject.toml are the ones that passed.
"""

import asyncio
import inspect

import pylibsrtp
import pytest
from aiortc import rtcsctptransport as sctp
from aiortc.rtcdatachannel import RTCDataChannel
from aiortc.rtcsctptransport import InboundStream, RTCSctpTransport

from roomwright.media.transport import native
from roomwright.media.transport.sctp import Association

METHODS = {
    (RTCSctpTransport, "_handle_data"): ["self", "data"],
    (RTCSctpTransport, "_receive"): ["self", "stream_id", "pp_id", "data"],
    (RTCSctpTransport, "_data_channel_flush"): ["self"],
    (RTCSctpTransport, "start"): ["self", "remoteCaps", "remotePort"],
    (RTCSctpTransport, "stop"): ["self"],
    (RTCDataChannel, "_addBufferedAmount"): ["self", "amount"],
}


@pytest.mark.parametrize(("where", "name"), METHODS, ids=lambda value: getattr(value, "__name__", value))
def test_methods_take_what_we_give(where, name):
    assert list(inspect.signature(getattr(where, name)).parameters) == METHODS[where, name]


async def test_an_association_has_the_state_that_we_look_at():
    association = Association(lambda packet: None, is_client=True, now=0.0, max_channels=16)
    assert association._advertised_rwnd == 1024 * 1024
    assert association._sack_misordered == set()
    assert association._inbound_streams == {}
    assert association._data_channels == {}
    assert isinstance(association._cwnd, int)
    assert len(association._data_channel_queue) == len(association._outbound_queue) == len(association._sent_queue) == 0
    assert InboundStream().reassembly == []
    assert association.state == "new"
    timers = [name for name in vars(association) if name.endswith("_handle")]
    assert timers == ["_reconfig_handle", "_t1_handle", "_t2_handle", "_t3_handle"]


def test_what_an_association_asks_of_its_dtls_transport():
    source = inspect.getsource(sctp)
    used = {line.split("__transport.")[1].split("(")[0] for line in source.splitlines() if "__transport._" in line}
    assert used == {"_register_data_receiver", "_unregister_data_receiver", "_send_data"}
    assert 'self.transport._role == "server"' in source


def test_nothing_is_awaited_but_what_ends_at_once():
    """`_finish` runs coroutines in one step: they may await each other and `_send_data`, never the loop."""
    awaited = {
        line.split("await ")[1].split("(")[0].strip()
        for line in inspect.getsource(RTCSctpTransport).splitlines()
        if line.strip().startswith("await ")
    }
    methods = {name.removeprefix("self.") for name in awaited if not name.startswith("self.__transport.")}
    assert all(inspect.iscoroutinefunction(getattr(RTCSctpTransport, name)) for name in methods), methods
    assert {name for name in awaited if name.startswith("self.__transport.")} == {"self.__transport._send_data"}


async def test_a_coroutine_that_waits_is_a_fault_and_is_closed():
    from roomwright.media.transport.sctp import _finish

    async def waits() -> None:
        await asyncio.sleep(1)

    with pytest.raises(RuntimeError, match="waits for something"):
        _finish(waits())


def test_a_message_is_queued_as_a_data_channel_does():
    source = inspect.getsource(RTCSctpTransport._data_channel_send)
    assert "channel._addBufferedAmount(len(user_data))" in source
    assert "self._data_channel_queue.append((channel, pp_id, user_data))" in source
    assert "_data_channel_flush()" in source
    assert "while self._data_channel_queue and not self._outbound_queue" in inspect.getsource(
        RTCSctpTransport._data_channel_flush
    )


def test_libsrtp_encrypts_in_place():
    key = bytes(30)
    policy = pylibsrtp.Policy(key=key, ssrc_type=native.OUTBOUND, srtp_profile=native.GCM_PROFILE)
    session = pylibsrtp.Session(policy)
    arena, cell = native.Arena(1, 100, 16), native.length_cell()
    packet = b"\x80\x60" + bytes(10) + b"payload"
    arena.buffers[0][0 : len(packet)] = packet
    cell[0] = len(packet)
    assert native.protect(native.session_pointer(session), arena.pointers[0], cell) == 0
    assert arena.buffers[0][0 : cell[0]] == pylibsrtp.Session(policy).protect(packet)
