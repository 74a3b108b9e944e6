"""Readers for the keys of recording and streaming."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from roomwright.config import readers
from roomwright.config.egress_settings import ROLES, EgressCosts, EgressLimits, EgressStorage
from roomwright.config.readers import ConfigError, Reader, refuse
from roomwright_proto import livekit as pb

_Section = TypeVar("_Section")
_DURATION = re.compile(r"(?:(\d{1,5})h)?(?:(\d{1,7})m)?(?:(\d{1,9})s)?")
_UNITS = (3_600, 60, 1)


def _number(least: float, most: float) -> Reader:
    def read(value: Any, path: str) -> float:
        usable = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not usable or not least <= value <= most:
            raise refuse(path, value, f"a number from {least:g} to {most:g}")
        return float(value)

    return read


def _long_duration(value: Any, path: str) -> float:
    """A time such as `45s`, `30m`, `1h30m`; 0: no limit."""
    if type(value) is int and value == 0:
        return 0.0
    found = _DURATION.fullmatch(value) if isinstance(value, str) and value else None
    if found is None:
        raise refuse(path, value, "a time such as 45s, 30m or 1h30m, or 0 for no limit")
    return float(sum(int(count or 0) * unit for count, unit in zip(found.groups(), _UNITS, strict=True)))


def _section(kind: Callable[..., _Section], table: Mapping[str, Reader]) -> Reader:
    """A mapping with known keys."""

    def read(value: Any, path: str) -> _Section:
        given = readers.mapping(value, path)
        for key in given:
            if key not in table:
                raise ConfigError(f"{path}: {str(key)[:80]!r} is not a known key; known are {', '.join(table)}")
        return kind(**{name: table[name](item, f"{path}.{name}") for name, item in given.items() if item is not None})

    return read


def _prefix(value: Any, path: str) -> str:
    prefix = readers.text(value, path) if value else ""
    if ".." in prefix.split("/") or prefix.startswith("/") or not prefix.isprintable():
        raise refuse(path, value, "a relative path without ..")
    return prefix


def _storage(value: Any, path: str) -> EgressStorage:
    storage = _section(EgressStorage, _STORAGE)(value, path)
    named = [name for name in ("s3", "gcp", "azure") if getattr(storage, name) is not None]
    if len(named) > 1:
        raise ConfigError(f"{path} names {' and '.join(named)}; keep one")
    for name, needed in (("s3", "bucket"), ("gcp", "bucket"), ("azure", "container_name")):
        upload = getattr(storage, name)
        if upload is not None and not getattr(upload, needed):
            raise ConfigError(f"{path}.{name}.{needed} is missing")
    for name in ROLES:
        if storage.s3 is not None and getattr(storage.s3, name):
            raise ConfigError(f"{path}.s3.{name} is not supported: give keys, or a session_token with them")
    return storage


_COST = _number(0.0, 1_000.0)
_STORAGE: Mapping[str, Reader] = {
    "prefix": _prefix,
    "s3": lambda value, path: readers.message(pb.S3Upload, value, path),
    "gcp": lambda value, path: readers.message(pb.GcpUpload, value, path),
    "azure": lambda value, path: readers.message(pb.AzureBlobUpload, value, path),
}
_COSTS: Mapping[str, Reader] = {
    "max_cpu_utilization": _number(0.01, 1_000.0),
    "room_composite_cpu_cost": _COST,
    "audio_room_composite_cpu_cost": _COST,
    "participant_cpu_cost": _COST,
    "track_composite_cpu_cost": _COST,
    "track_cpu_cost": _COST,
}
_LIMITS: Mapping[str, Reader] = {
    "file_output_max_duration": _long_duration,
    "stream_output_max_duration": _long_duration,
    "segment_output_max_duration": _long_duration,
    "image_output_max_duration": _long_duration,
    "file_output_max_size": readers.whole(0, 2**62),
}

SUPPORTED: Mapping[str, Reader] = {
    "egress.enabled": readers.boolean,
    "egress.directory": readers.text,
    "egress.state_directory": readers.text,
    "egress.retention": readers.whole(0, 2**31),
    "egress.spool_retention": readers.whole(0, 2**31),
    "egress.stop_grace": readers.whole(0, 3_600),
    "egress.cpu_cost": _section(EgressCosts, _COSTS),
    "egress.session_limits": _section(EgressLimits, _LIMITS),
    "egress.storage": _storage,
}
"""Readers by path; `schema.py` takes them into its table. The section is not in the format of LiveKit's server."""
