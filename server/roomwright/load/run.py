"""A load test as it runs: participants come at the planned rate, stay, and are counted."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import aiohttp

from roomwright.load.participant import JoinError, Participant, Ticket
from roomwright.load.plan import Measured, Plan
from roomwright.load.streams import Outgoing
from roomwright.media.transport.certificate import Certificate

MAX_PUBLISHERS = 500
MAX_PARTICIPANTS = 3_000
_SSRC = 1_000

MakeTicket = Callable[[str], Ticket]
"""A way in for an identity."""


class LoadTest:
    """`run` it once. `measured` may be asked at any time; `stop` ends it early."""

    def __init__(self, plan: Plan, ticket: MakeTicket) -> None:
        self.plan = plan
        self._ticket = ticket
        self._certificate = Certificate(time.time_ns())
        self._inside: list[Participant] = []
        self._failed = 0
        self._problem = ""
        self._stopping = asyncio.Event()
        self._began = self._cpu = 0.0

    def __repr__(self) -> str:
        return f"<LoadTest {self.plan.room}: {len(self._inside)} of {self.plan.participants}>"

    def stop(self) -> None:
        """End as soon as possible."""
        self._stopping.set()

    async def run(self) -> Measured:
        """Do what is planned; what was found when everybody was still there."""
        self._began, self._cpu = time.perf_counter(), time.process_time()
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as http:
            try:
                await self._let_in(http)
                await self._wait(self.plan.duration_s)
                return self.measured()
            finally:
                await asyncio.gather(*(each.leave() for each in self._inside), return_exceptions=True)

    async def _let_in(self, http: aiohttp.ClientSession) -> None:
        """Let all come, at the planned rate; those who are slow keep nobody waiting."""
        joining: list[asyncio.Task[None]] = []
        due = self._began
        for number in range(self.plan.participants):
            if self._stopping.is_set():
                break
            participant = self._make(number)
            joining.append(asyncio.create_task(self._join(participant, http)))
            due += 1 / self.plan.joins_per_second
            await self._wait(due - time.perf_counter())
        stopped = asyncio.create_task(self._until_stopped())
        await asyncio.wait([asyncio.gather(*joining), stopped], return_when=asyncio.FIRST_COMPLETED)
        for task in (*joining, stopped):
            task.cancel()
        await asyncio.wait([*joining, stopped])

    async def _until_stopped(self) -> None:
        await self._stopping.wait()

    async def _join(self, participant: Participant, http: aiohttp.ClientSession) -> None:
        self._inside.append(participant)
        try:
            await participant.join(http)
        except JoinError as error:
            self._inside.remove(participant)
            self._failed += 1
            self._problem = self._problem or f"{participant.ticket.identity}: {error}"
            await participant.leave()

    def _make(self, number: int) -> Participant:
        plan = self.plan
        publishes = number < plan.publishing
        kinds = enumerate(plan.kinds(number))
        outgoing = [Outgoing(kind, _SSRC + 2 * number + index, plan.bitrate) for index, kind in kinds]
        name = f"{'publisher' if publishes else 'subscriber'}-{number if publishes else number - plan.publishing}"
        return Participant(self._ticket(name), self._certificate, outgoing)

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                await self._stopping.wait()

    def measured(self) -> Measured:
        """What is known now."""
        active = [each for each in self._inside if each.active_s]
        incoming = [stream for each in self._inside for stream in each.connection.incoming.values()]
        elapsed = time.perf_counter() - self._began
        lost = [each for each in active if each.problem]
        problem = self._problem or next((f"{each.ticket.identity}: {each.problem}" for each in lost), "")
        return Measured(
            elapsed_s=elapsed,
            joined=len(active),
            failed=self._failed,
            lost_participants=len(lost),
            signalling_s=[each.joined_s for each in active],
            joins_s=[each.active_s for each in active],
            packets_sent=sum(each.connection.sent for each in self._inside),
            packets_received=sum(stream.packets for stream in incoming),
            packets_lost=sum(stream.lost for stream in incoming),
            octets_received=sum(stream.octets for stream in incoming),
            streams=len(incoming),
            missing=max(0, self._expected(len(active)) - len(incoming)),
            cpu=(time.process_time() - self._cpu) / elapsed if elapsed else 0.0,
            problem=problem,
        )

    def _expected(self, active: int) -> int:
        """How many streams should come: everybody gets all tracks but its own."""
        return sum(each.streams for each in self._inside if each.active_s) * max(0, active - 1)
