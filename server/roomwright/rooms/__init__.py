"""The room engine: rooms, participants, tracks and permissions, without input or output."""
