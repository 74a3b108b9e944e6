"""What was tried, and what came of it: joining, publishing, subscribing, messages of the signalling."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from roomwright.metrics.figures import Figure, Sample
from roomwright.metrics.happenings import Happenings
from roomwright.metrics.labels import USUAL, of_track
from roomwright.sfu.embedded.media import Traffic
from roomwright.sfu.embedded.tally import Tally
from roomwright.sfu.sorts import Sort

UNSUPPORTED = "the subscriber takes none of the track's codecs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Efforts:
    """Counts since the start.

    `joins` has participants by how far they came, `announced` and `published` tracks by sort. `attempts` of
    subscriptions ended as `subscribed`, as `unsupported`, or are under way. `messages` are by status and direction.
    """

    joins: Mapping[str, int]
    announced: Mapping[Sort, int]
    published: Mapping[Sort, int]
    attempts: int
    subscribed: int
    unsupported: int = 0
    messages: Mapping[tuple[str, str], int]

    @classmethod
    def of_clients(cls, past: Happenings, tally: Tally, traffic: Traffic) -> "Efforts":
        """Of a server with real clients."""
        return cls(
            joins=_joins(past, tally.refused),
            announced=tally.announced,
            published=past.published,
            attempts=past.subscribed,
            subscribed=traffic.subscriptions,
            unsupported=traffic.unsupported,
            messages=_messages(tally),
        )

    @classmethod
    def of_events(cls, past: Happenings) -> "Efforts":
        """Of a backend without clients, where whatever is tried succeeds at once."""
        return cls(
            joins=_joins(past, 0),
            announced=past.published,
            published=past.published,
            attempts=past.subscribed,
            subscribed=past.subscribed,
            messages=_messages(Tally()),
        )

    def figures(self) -> Iterator[Figure]:
        """All of it."""
        joins = [({"state": state}, count) for state, count in self.joins.items()]
        yield Figure("counter", "livekit_participant_join_total", "Participants that came so far.", joins)
        announced = {**dict.fromkeys((sort._replace(mime="") for sort in USUAL), 0), **self.announced}
        published = {**dict.fromkeys(USUAL, 0), **self.published}
        tracks = [*_by_sort("attempt", announced), *_by_sort("success", published)]
        yield Figure("unknown", "livekit_track_publish_counter", "Tracks announced and published.", tracks)
        states = (("attempt", "", self.attempts), ("success", "", self.subscribed))
        subscribed = [({"state": state, "error": error}, count) for state, error, count in states]
        subscribed.append(({"state": "failure", "error": UNSUPPORTED}, self.unsupported))
        yield Figure("unknown", "livekit_track_subscribe_counter", "Subscriptions tried and made.", subscribed)
        messages = [
            ({"type": "signal", "status": status, "direction": direction}, count)
            for (status, direction), count in self.messages.items()
        ]
        yield Figure("unknown", "livekit_node_messages", "Messages of the signalling.", messages)


def _joins(past: Happenings, refused: int) -> Mapping[str, int]:
    """How far participants came, as the reference calls it; media is set up for whoever is let in."""
    return {
        "signal_connected": past.joined,
        "signal_failed": refused,
        "rtc_init": past.joined,
        "rtc_connected": past.activated,
    }


def _messages(tally: Tally) -> Mapping[tuple[str, str], int]:
    return {
        ("success", "request"): tally.requests,
        ("failure", "request"): tally.garbled,
        ("success", "response"): tally.responses,
        ("failure", "response"): tally.unsent,
    }


def _by_sort(state: str, tracks: Mapping[Sort, int]) -> list[Sample]:
    return [({**of_track(sort), "state": state}, count) for sort, count in tracks.items()]
