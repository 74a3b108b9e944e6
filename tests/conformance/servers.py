"""The servers under test: one for each profile, in this process."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from roomwright import codec
from roomwright.app import Server
from roomwright.config import EgressCosts, Flags, WebhookUrl, load
from roomwright.egress.record import Record
from roomwright_proto import livekit as pb
from tests.conformance.cases import Case
from tests.conformance.replayer import Target
from tests.rtc.guests import Program

PROFILES = Path(__file__).parent / "profiles"


class Targets(Protocol):
    """Gives the server of a profile; with `stored` egresses, even if there are none, one for the caller alone."""

    async def __call__(self, profile: str, stored: Sequence[Mapping[str, Any]] | None = None) -> Target: ...


def servers(stack: AsyncExitStack, clients: Program | None = None, hooks: str = "") -> Targets:
    """Gives the server of a profile, started when it is first asked for; `stack` stops them.

    `hooks` is where they send webhooks, if they send any.
    """
    targets: dict[str, Target] = {}

    async def target(profile: str, stored: Sequence[Mapping[str, Any]] | None = None) -> Target:
        if stored is not None:
            server = await started(profile)
            store(server, stored)
            return Target(host="127.0.0.1", port=server.port)
        if profile not in targets:
            server = await started(profile)
            targets[profile] = Target(host="127.0.0.1", port=server.port, clients=clients)
        return targets[profile]

    async def started(profile: str) -> Server:
        config = load(Flags(config=str(PROFILES / f"{profile}.yaml"), port=0, bind=("127.0.0.1",))).config
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        egress = replace(config.egress, directory=folder, state_directory=f"{folder}/state", cpu_cost=_ANY_NUMBER)
        urls = (WebhookUrl(url=hooks),) if hooks else ()
        webhook = replace(config.webhook, urls=urls, outbox_directory=f"{folder}/outbox" if hooks else None)
        return await stack.enter_async_context(Server(replace(config, egress=egress, webhook=webhook)))

    return target


_ANY_NUMBER = EgressCosts(max_cpu_utilization=1_000)


def store(server: Server, infos: Sequence[Mapping[str, Any]]) -> None:
    """Have a server know of egresses that it does not run."""
    assert server.recording is not None
    for info in infos:
        message = codec.from_json(pb.EgressInfo, json.dumps(info).encode())
        server.recording.egress.shelf.put(Record(message))


def own_server(case: Case) -> Sequence[Mapping[str, Any]] | None:
    """What a server for this case alone knows; None for a case that can share one."""
    lists = case.main.request["path"].endswith("/ListEgress")
    return case.stored if case.stored or lists else None
