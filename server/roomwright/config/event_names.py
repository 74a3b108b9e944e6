"""What events are called, and the filters that choose among them by name."""

from dataclasses import dataclass

EVENTS = (
    "room_started",
    "room_finished",
    "participant_joined",
    "participant_left",
    "participant_connection_aborted",
    "track_published",
    "track_unpublished",
    "egress_started",
    "egress_updated",
    "egress_ended",
    "ingress_started",
    "ingress_ended",
    "agent_job_started",
    "agent_job_ended",
)
"""LiveKit's names. Events of ingress do not happen here yet; filters may name them all the same."""

OPT_IN = (
    "room_metadata_changed",
    "participant_name_changed",
    "participant_metadata_changed",
    "participant_attributes_changed",
    "participant_permission_changed",
    "track_muted",
    "track_unmuted",
)
"""Names of our own: a webhook is sent them only if its filter includes them by name."""

ALL_EVENTS = frozenset({*EVENTS, *OPT_IN})


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events are wanted. What is included wins; with nothing included, all of LiveKit's that are not excluded."""

    include_events: tuple[str, ...] = ()
    exclude_events: tuple[str, ...] = ()

    def wants(self, name: str) -> bool:
        """Whether an event of that name is wanted."""
        if self.include_events:
            return name in self.include_events
        return name not in self.exclude_events and name not in OPT_IN
