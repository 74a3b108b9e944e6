"""The states of an egress as a table, and what EgressInfo says of its end."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from roomwright_proto import livekit as pb

_S = pb.EgressStatus

TRANSITIONS: Final[Mapping[pb.EgressStatus, frozenset[pb.EgressStatus]]] = {
    _S.EGRESS_STARTING: frozenset({_S.EGRESS_ACTIVE, _S.EGRESS_ENDING, _S.EGRESS_FAILED, _S.EGRESS_ABORTED}),
    _S.EGRESS_ACTIVE: frozenset(
        {_S.EGRESS_ENDING, _S.EGRESS_COMPLETE, _S.EGRESS_FAILED, _S.EGRESS_ABORTED, _S.EGRESS_LIMIT_REACHED}
    ),
    _S.EGRESS_ENDING: frozenset({_S.EGRESS_COMPLETE, _S.EGRESS_FAILED, _S.EGRESS_ABORTED, _S.EGRESS_LIMIT_REACHED}),
    _S.EGRESS_COMPLETE: frozenset(),
    _S.EGRESS_FAILED: frozenset(),
    _S.EGRESS_ABORTED: frozenset(),
    _S.EGRESS_LIMIT_REACHED: frozenset(),
}
"""From each state to those that may follow."""

RUNNING: Final = frozenset(status for status, following in TRANSITIONS.items() if following)
"""Not ended: what ListEgress calls active."""
ABORTED_CODE: Final = 412
LIMIT_CODE: Final = 413


class Reason(StrEnum):
    """Why an egress ended, as `details` says it."""

    API = "StopEgress API"
    SOURCE = "Source closed"
    LIMIT = "Session limit reached"
    STREAMS = "All streams stopped"
    CPU = "CPU exhausted"
    KILLED = "Process killed"
    FAILURE = "Failure"


_PREFIX = "End reason: "


def details(reason: str) -> str:
    """What EgressInfo says of a reason; one that has its words already keeps them."""
    return reason if not reason or reason.startswith(_PREFIX) else _PREFIX + reason


def code_of(status: pb.EgressStatus, code: int = 0) -> int:
    """`error_code` of an end."""
    match status:
        case _S.EGRESS_ABORTED:
            return ABORTED_CODE
        case _S.EGRESS_LIMIT_REACHED:
            return LIMIT_CODE
        case _S.EGRESS_FAILED:
            return code or 500
        case _:
            return 0
