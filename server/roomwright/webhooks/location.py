"""Where the outbox is when the configuration does not say: where the platform keeps the state of programs."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def outbox_directory(configured: str | None, environment: Mapping[str, str] = os.environ) -> Path:
    """The outbox's directory; it need not exist. Raises OSError when there is no home to put it in."""
    if configured is not None:
        return Path(configured)
    return _state(environment) / "roomwright" / "outbox"


def _state(environment: Mapping[str, str]) -> Path:
    if given := environment.get("STATE_DIRECTORY", "").partition(":")[0]:  # systemd's StateDirectory=
        return Path(given)
    if sys.platform == "win32" and (local := environment.get("LOCALAPPDATA")):
        return Path(local)
    if state := environment.get("XDG_STATE_HOME"):
        return Path(state)
    try:
        home = Path.home()
    except RuntimeError as error:
        raise OSError(f"there is no home directory for the outbox: {error}") from error
    return home / "Library" / "Application Support" if sys.platform == "darwin" else home / ".local" / "state"
