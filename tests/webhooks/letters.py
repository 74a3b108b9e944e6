"""Letters for tests."""

from roomwright.webhooks import Letter


def letter(sequence: int, url: str = "http://a", queue: str = "standup", **fields) -> Letter:
    """A letter whose other fields do not matter."""
    known = {"event_id": f"EV_{sequence}", "name": "room_started", "room": queue, "body": b"{}", "since_ms": 0}
    return Letter(sequence=sequence, url=url, queue=queue, **{**known, **fields})
