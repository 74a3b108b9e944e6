"""Honest ends for records of an earlier life of the server: its recorders have closed their files, and are gone."""

from roomwright.egress.record import Record
from roomwright.egress.results import on_disk
from roomwright.egress.states import Reason
from roomwright_proto import livekit as pb

_S = pb.EgressStatus


def close_left_over(record: Record, now_ns: int, spool: str) -> None:
    """End a record whose server was killed; the files that it left are listed with their sizes."""
    started = record.info.started_at > 0
    on_disk(record.info, spool)
    status = _S.EGRESS_FAILED if started else _S.EGRESS_ABORTED
    what = "what was recorded until then is kept" if started else "nothing had been recorded"
    record.end(status, now_ns, reason=Reason.KILLED, error=f"the server ended while this egress ran; {what}")
