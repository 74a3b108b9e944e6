"""Webhooks that are not lost: an outbox on disk, and the deliveries out of it.

Owns what is sent to whom, the outbox (`Store`, and `Journal` which writes it), whose turn it is (`Lanes`), the POST
itself (`Sender`) and what becomes of its answer (`policy.py`). It does not decide what happened: that is the feed's.
"""

from roomwright.webhooks.courier import Courier
from roomwright.webhooks.journal import Journal
from roomwright.webhooks.letter import Letter
from roomwright.webhooks.location import outbox_directory
from roomwright.webhooks.outbox import FILE, Outbox
from roomwright.webhooks.recipients import Recipients
from roomwright.webhooks.schema import OutboxError
from roomwright.webhooks.sender import Sender
from roomwright.webhooks.store import Row, Store

__all__ = [
    "FILE",
    "Courier",
    "Journal",
    "Letter",
    "Outbox",
    "OutboxError",
    "Recipients",
    "Row",
    "Sender",
    "Store",
    "outbox_directory",
]
