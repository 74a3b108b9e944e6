"""`/healthz` and `/readyz`, for whoever starts, stops and balances servers.

Health: the process answers. Readiness: clients are let in, over WebSockets too; not before all ports are open, and not
once the server is about to stop. `/` stays as the reference has it.
"""

from enum import Enum

from aiohttp import web

from roomwright.auth.claims import Claims
from roomwright.wire.answer import Answer, text


class Phase(Enum):
    """Where a server is in its life; the value is what `/readyz` says."""

    STARTING = "starting"
    READY = "OK"
    STOPPING = "stopping"


class Health:
    """What probes are answered. `phase` is set by whoever starts and stops the server."""

    def __init__(self) -> None:
        self.phase = Phase.STARTING
        self.doors = {"/healthz": _healthy, "/readyz": self._readiness}

    def __repr__(self) -> str:
        return f"<Health: {self.phase.name}>"

    async def _readiness(self, _request: web.BaseRequest, _query: str, _claims: Claims | None) -> Answer:
        return text(200 if self.phase is Phase.READY else 503, self.phase.value)


async def _healthy(_request: web.BaseRequest, _query: str, _claims: Claims | None) -> Answer:
    return text(200, "OK")
