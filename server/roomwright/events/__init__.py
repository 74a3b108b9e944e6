"""The event stream: what happens, for those who ask for it, with a memory that is bounded.

Owns what is kept and for how long (`Ring`), a reader's place in it, who may read what (`Asked`), and the text of
server-sent events. The HTTP of it is `wire/event_stream.py`.
"""

from roomwright.events.asked import Asked, asked
from roomwright.events.ring import Missed, Reader, Ring, Taken
from roomwright.events.text import beat, event, greeting, missed

__all__ = ["Asked", "Missed", "Reader", "Ring", "Taken", "asked", "beat", "event", "greeting", "missed"]
