"""The servers under test: one for each profile, in this process."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from roomwright.app import Server
from roomwright.config import Flags, load
from tests.conformance.replayer import Target
from tests.rtc.guests import Program

PROFILES = Path(__file__).parent / "profiles"

Targets = Callable[[str], Awaitable[Target]]


def servers(stack: AsyncExitStack, clients: Program | None = None) -> Targets:
    """Gives the server of a profile, started when it is first asked for; `stack` stops them."""
    targets: dict[str, Target] = {}

    async def target(profile: str) -> Target:
        if profile not in targets:
            config = load(Flags(config=str(PROFILES / f"{profile}.yaml"), port=0, bind=("127.0.0.1",)))
            server = await stack.enter_async_context(Server(config.config))
            targets[profile] = Target(host="127.0.0.1", port=server.port, clients=clients)
        return targets[profile]

    return target
