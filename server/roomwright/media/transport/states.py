"""The states of a transport, as data: a table says what each input does in each state.

    NEW --REMOTE_SET--> CONNECTING --SECURED--> CONNECTED <--SILENT / HEARD--> DISCONNECTED
     |                      |                       |                              |
     +------- FAIL ---------+--------- FAIL --------+------------ FAIL ------------+--> FAILED
    CLOSE leads from every state to CLOSED.

NEW: the peer's parameters are unknown; what it sends early is kept (a little of it) until they come. CONNECTING: checks
and the handshake run, bounded by a time-out. CONNECTED: the peer's certificate is the one its description promised;
media and data flow. DISCONNECTED: nothing authentic was heard for a while; nothing is sent until it is (RFC 7675).
FAILED: for good, with a reason. CLOSED: by us; everything is released.
"""

from collections.abc import Mapping
from enum import Enum, auto


class TransportState(Enum):
    """Where a transport is in its life."""

    NEW = auto()
    CONNECTING = auto()
    CONNECTED = auto()
    DISCONNECTED = auto()
    FAILED = auto()
    CLOSED = auto()


class Input(Enum):
    """What can happen to a transport."""

    REMOTE_SET = auto()
    SECURED = auto()
    SILENT = auto()
    HEARD = auto()
    FAIL = auto()
    CLOSE = auto()


_NEW, _CONNECTING, _CONNECTED, _DISCONNECTED, _FAILED, _CLOSED = TransportState
_ENDS = {Input.FAIL: _FAILED, Input.CLOSE: _CLOSED}

TRANSITIONS: Mapping[TransportState, Mapping[Input, TransportState]] = {
    _NEW: {Input.REMOTE_SET: _CONNECTING, **_ENDS},
    _CONNECTING: {Input.SECURED: _CONNECTED, **_ENDS},
    _CONNECTED: {Input.SILENT: _DISCONNECTED, **_ENDS},
    _DISCONNECTED: {Input.HEARD: _CONNECTED, **_ENDS},
    _FAILED: {Input.CLOSE: _CLOSED},
    _CLOSED: {},
}
"""What an input leads to. An input that is missing in a state's row is ignored there."""
