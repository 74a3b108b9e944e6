"""The record of one egress: what the API tells of it. It changes only along the table of states."""

from collections.abc import Sequence

from roomwright import codec
from roomwright.egress.redaction import redacted
from roomwright.egress.states import RUNNING, TRANSITIONS, Reason, code_of, details
from roomwright.egress.wish import Request, Source, Wish
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1

_S = pb.EgressStatus
_KIND = v1.SourceKind


class Record:
    """One egress. `info` is what the API answers; whoever keeps it copies it (`snapshot`).

    `webhooks` are those of its request, with whole URLs: they are told of it.
    """

    def __init__(self, info: pb.EgressInfo, webhooks: Sequence[pb.WebhookConfig] = ()) -> None:
        self.info = info
        self.webhooks = webhooks

    @classmethod
    def of(cls, wish: Wish, egress_id: str, room: pb.Room, now_ns: int) -> "Record":
        """A new one, in STARTING."""
        info = pb.EgressInfo(
            egress_id=egress_id,
            room_id=room.sid,
            room_name=room.name,
            source_type=_source_type(wish.source),
            status=_S.EGRESS_STARTING,
            updated_at=now_ns,
        )
        setattr(info, wish.repeated_as, redacted(wish.request))
        return cls(info, wish.webhooks)

    @classmethod
    def stored(cls, info: pb.EgressInfo) -> "Record":
        """One of an earlier life, from what `to_store` said then."""
        request = _request(info)
        if request is None:
            return cls(info)
        webhooks = request.webhooks
        request.webhooks = [redacted(each) for each in webhooks]
        return cls(info, webhooks)

    def to_store(self) -> pb.EgressInfo:
        """What must survive: `info` and, while it runs, where its end has to be told."""
        if not (self.running and self.webhooks):
            return self.info
        info = self.snapshot()
        if (request := _request(info)) is not None:
            request.webhooks = list(self.webhooks)
        return info

    def __repr__(self) -> str:
        return f"<Record {self.info.egress_id}: {self.info.status.name}>"

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.info.status in RUNNING

    def snapshot(self) -> pb.EgressInfo:
        """What the API answers now."""
        return codec.copy(self.info)

    def begin(self, at_ns: int, now_ns: int) -> bool:
        """Media is being written. Returns whether that is new."""
        if not self._go(_S.EGRESS_ACTIVE, now_ns):
            return False
        self.info.started_at = at_ns or now_ns
        return True

    def finishing(self, reason: str, now_ns: int) -> bool:
        """It shall end. Returns whether that is new."""
        if not self._go(_S.EGRESS_ENDING, now_ns):
            return False
        self.info.details = details(reason)
        return True

    def end(self, status: pb.EgressStatus, now_ns: int, *, reason: str = "", error: str = "", code: int = 0) -> bool:
        """It has ended. Returns whether that is new."""
        if status in RUNNING or not self.running:
            return False
        if status not in TRANSITIONS[self.info.status]:
            self._go(_S.EGRESS_ENDING, now_ns)
        self._go(status, now_ns)
        info = self.info
        info.ended_at = now_ns
        info.error = error
        info.error_code = code_of(status, code)
        info.details = details(reason) if reason else info.details or details(_reason(status))
        return True

    def results(self, progress: v1.Progress, now_ns: int) -> None:
        """Take what its recorder says of its outputs."""
        info = self.info
        info.file_results = progress.files or info.file_results
        info.stream_results = progress.streams or info.stream_results
        info.segment_results = progress.segments or info.segment_results
        info.image_results = progress.images or info.image_results
        info.updated_at = now_ns
        self._set_single_result()

    def expect(self, results: Sequence[pb.FileInfo | pb.SegmentsInfo | pb.ImagesInfo | pb.StreamInfo]) -> None:
        """List what will be written, before anything is."""
        info = self.info
        info.file_results = [one for one in results if isinstance(one, pb.FileInfo)]
        info.stream_results = [one for one in results if isinstance(one, pb.StreamInfo)]
        info.segment_results = [one for one in results if isinstance(one, pb.SegmentsInfo)]
        info.image_results = [one for one in results if isinstance(one, pb.ImagesInfo)]
        self._set_single_result()

    def _go(self, status: pb.EgressStatus, now_ns: int) -> bool:
        if status not in TRANSITIONS[self.info.status]:
            return False
        self.info.status = status
        self.info.updated_at = now_ns
        return True

    def _set_single_result(self) -> None:
        """The result for old clients, where there is a single kind of output."""
        info = self.info
        kinds = [info.file_results, info.stream_results, info.segment_results, info.image_results]
        if sum(bool(kind) for kind in kinds) != 1:
            info.file = info.stream = info.segments = None
        elif info.file_results:
            info.file = info.file_results[0]
        elif info.stream_results:
            info.stream = pb.StreamInfoList(info=info.stream_results)
        elif info.segment_results:
            info.segments = info.segment_results[0]


def _request(info: pb.EgressInfo) -> Request | None:
    known = (info.egress, info.room_composite, info.participant, info.track_composite, info.track)
    return next((each for each in known if each is not None), None)


def _source_type(source: Source) -> pb.EgressSourceType:
    """A room with pictures, or in a layout, is what a web page shows elsewhere: clients tell the kinds by this."""
    if source.kind is _KIND.ROOM and (source.video or source.layout):
        return pb.EgressSourceType.WEB
    return pb.EgressSourceType.SDK


def _reason(status: pb.EgressStatus) -> str:
    return {_S.EGRESS_FAILED: Reason.FAILURE, _S.EGRESS_LIMIT_REACHED: Reason.LIMIT}.get(status, Reason.SOURCE)
