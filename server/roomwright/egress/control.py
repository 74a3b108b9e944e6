"""Stopping and changing an egress that runs: what may be done in which state."""

from roomwright.egress.planning import streams
from roomwright.egress.planning.requests import check_layout
from roomwright.egress.record import Record
from roomwright.egress.redaction import stream_url
from roomwright.egress.refusals import invalid
from roomwright.egress.running.session import Session
from roomwright.egress.states import Reason
from roomwright.egress.wish import StreamWish
from roomwright.errors import ServiceError, failed_precondition, not_found
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

_STOPPABLE = frozenset({pb.EgressStatus.EGRESS_STARTING, pb.EgressStatus.EGRESS_ACTIVE})


def _refused(record: Record, verb: str) -> ServiceError:
    return failed_precondition(f"egress with status {record.info.status.name} cannot be {verb}")


def _running(record: Record, session: Session | None, verb: str) -> Session:
    if record.info.status not in _STOPPABLE:
        raise _refused(record, verb)
    if session is None:
        raise not_found(f"egress {record.info.egress_id} has no recorder here")
    return session


def stop(record: Record, session: Session | None) -> None:
    """End it in order."""
    _running(record, session, "stopped").stop(Reason.API)


def update_layout(record: Record, session: Session | None, request: pb.UpdateLayoutRequest) -> None:
    """Show another layout."""
    running = _running(record, session, "updated")
    if running.wish.source.kind is not v1.SourceKind.ROOM or not running.wish.source.video:
        raise failed_precondition("UpdateLayout called on an egress without a layout")
    check_layout(request.layout)
    running.show(request.layout)


def update_stream(record: Record, session: Session | None, request: pb.UpdateStreamRequest) -> None:
    """Add destinations, then remove some. Everything is checked before anything is done."""
    running = _running(record, session, "updated")
    if not any(isinstance(output, StreamWish) for output in running.wish.outputs):
        raise failed_precondition("UpdateStream called on non-streaming egress")
    asked = [pb.StreamDestination(url=url) for url in request.add_output_urls]
    added = streams.destinations([*asked, *request.add_destinations])
    again = next((one.url for one in added if one.url in running.streams), None)
    if again is not None:
        raise invalid("stream url", f"{stream_url(again)} is there already")
    known = {*running.streams, *(one.url for one in added)}
    removed = [_known(running, url, known) for url in request.remove_output_urls]
    for destination in added:
        running.add_stream(destination)
    for url in removed:
        running.remove_stream(url)


def _known(running: Session, url: str, known: set[str]) -> str:
    """A destination by its URL, by the URL as results show it, or by its id."""
    spelled = next((one for one in known if url in (one, stream_url(one))), None) or running.destination_of(url)
    if spelled is None and url.startswith("mux://"):
        spelled = next((one for one in known if one == streams.rtmp_url(url)), None)
    if spelled is None:
        raise not_found(f"stream {stream_url(url) if '://' in url else url[:64]} not found")
    return spelled
