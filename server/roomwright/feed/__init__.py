"""What happens in rooms as `livekit.WebhookEvent`s: the layer under webhooks, the event stream and other listeners.

Owns the names of events, their ids, their one sequence number, and which domain event becomes which message. It does
not store, deliver or filter.

    feed = Feed(backend.events, ids, clock)
    stop = feed.listen(on_entry)     # on_entry(entry) is called for every entry from now on, in order; see `Entry`
    feed.egress("egress_started", info, request.webhooks, room=room)
    feed.pump()                      # hands on what the backend has said up to now, at once

Nothing is translated while nobody listens. A listener is called in the event loop's thread and must not wait; one that
raises is logged and hurts nobody else. `check_webhooks` judges the webhooks that a request brings along.
"""

from roomwright.feed.entry import Entry
from roomwright.feed.feed import Feed, Listener
from roomwright.feed.requested import check_webhooks

__all__ = ["Entry", "Feed", "Listener", "check_webhooks"]
