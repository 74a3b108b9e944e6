"""The labels of tracks and of what is measured of them."""

from roomwright.metrics.figures import Labels
from roomwright.sfu.sorts import Sort

USUAL = (Sort("AUDIO", "MICROPHONE", "audio/opus"), Sort("VIDEO", "CAMERA", "video/vp8"))
"""Shown from the start, as zero: a dashboard without any series says that there is no data."""


def of_track(sort: Sort) -> Labels:
    """A track's labels."""
    return {"kind": sort.kind, "source": sort.source, "mimeType": sort.mime}
