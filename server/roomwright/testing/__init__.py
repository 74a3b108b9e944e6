"""Testing programs that use LiveKit, against a whole server that lives in the test's process.

`plugin.py` is what pytest loads; for everything else there is `ThreadedServer`. docs/testing.md is the guide. Importing
this costs next to nothing: the server is loaded when one is first started.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from roomwright.errors import ServiceError
    from roomwright.sfu.memory import PublishRefusedError, RpcError, RpcInvocation
    from roomwright.testing.clock import ServerClock
    from roomwright.testing.errors import NotPossibleError, WaitedInVainError
    from roomwright.testing.faults import Faults
    from roomwright.testing.participant import Data, Participant
    from roomwright.testing.real import RealParticipant
    from roomwright.testing.server import ThreadedServer, running_server
    from roomwright.testing.webhooks import Webhook, WebhookInbox

__all__ = [
    "Data",
    "Faults",
    "NotPossibleError",
    "Participant",
    "PublishRefusedError",
    "RealParticipant",
    "RpcError",
    "RpcInvocation",
    "ServerClock",
    "ServiceError",
    "ThreadedServer",
    "WaitedInVainError",
    "Webhook",
    "WebhookInbox",
    "running_server",
]

_HOMES = {
    "Data": "roomwright.testing.participant",
    "Faults": "roomwright.testing.faults",
    "NotPossibleError": "roomwright.testing.errors",
    "Participant": "roomwright.testing.participant",
    "PublishRefusedError": "roomwright.sfu.memory",
    "RealParticipant": "roomwright.testing.real",
    "RpcError": "roomwright.sfu.memory",
    "RpcInvocation": "roomwright.sfu.memory",
    "ServerClock": "roomwright.testing.clock",
    "ServiceError": "roomwright.errors",
    "ThreadedServer": "roomwright.testing.server",
    "WaitedInVainError": "roomwright.testing.errors",
    "Webhook": "roomwright.testing.webhooks",
    "WebhookInbox": "roomwright.testing.webhooks",
    "running_server": "roomwright.testing.server",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)
