"""Records of egresses: all that run, and those that ended a while ago.

shelf       what the API lists, in memory
journal     the same on disk (SQLite), written by a thread of its own
"""

from roomwright.egress.records.journal import Journal, JournalError
from roomwright.egress.records.shelf import Shelf

__all__ = ["Journal", "JournalError", "Shelf"]
