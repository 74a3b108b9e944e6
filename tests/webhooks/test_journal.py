"""Writing the outbox: together, at once, and through a disk that is full for a while."""

import asyncio
import sqlite3
import threading
import time
from pathlib import Path

import pytest_asyncio

from roomwright.webhooks import FILE, Journal, Letter, Store
from roomwright.webhooks import journal as module
from roomwright.webhooks.store import Batch
from tests.webhooks.letters import letter

PATIENCE_S = 20


class Disk(Store):
    """A store that counts its writes, and may be full."""

    full = False
    writes = 0

    def write(self, batch: Batch) -> list[Letter]:
        if self.full:
            raise sqlite3.OperationalError("database or disk is full")
        self.writes += 1
        return super().write(batch)


class World:
    def __init__(self, path: Path) -> None:
        self.disk = Disk(path / FILE)
        self.written: list[int] = []
        self.journal = Journal(self.disk, lambda letters: self.written.extend(each.sequence for each in letters))

    def on_disk(self) -> list[int]:
        return [row.sequence for row in self.disk.rows(1_000_000)]


@pytest_asyncio.fixture
async def world(tmp_path: Path):
    world = World(tmp_path)
    yield world
    world.disk.full = False
    await world.journal.close()
    world.disk.close()


async def test_letters_are_on_disk_when_the_caller_is_answered(world: World):
    world.journal.put([letter(1), letter(2)])
    assert world.journal.unsettled
    await world.journal.settled()
    assert world.on_disk() == world.written == [1, 2]
    assert not world.journal.unsettled


async def test_what_comes_at_the_same_moment_is_written_together(world: World):
    async def call(number: int) -> None:
        world.journal.put([letter(number)])
        await world.journal.settled()
        assert number in world.written

    await asyncio.gather(*(call(number) for number in range(200)))
    assert world.written == list(range(200))
    assert world.disk.writes <= 3


async def test_nothing_to_write_is_settled_at_once(world: World):
    await asyncio.wait_for(world.journal.settled(), PATIENCE_S)
    assert world.disk.writes == 0


async def test_a_question_knows_what_was_told_before(world: World):
    world.journal.put([letter(1), letter(2)])
    world.journal.delivered((1, "http://a"))
    assert await world.journal.ask(lambda store: [row.sequence for row in store.rows(9)]) == [2]


async def test_a_full_disk_delays_no_call_and_loses_nothing(world: World, monkeypatch):
    monkeypatch.setattr(module, "AGAIN_S", 0.01)
    world.disk.full = True
    for number in range(5):
        world.journal.put([letter(number)])
        await asyncio.wait_for(world.journal.settled(), PATIENCE_S)
    assert world.on_disk() == []
    world.disk.full = False
    async with asyncio.timeout(PATIENCE_S):
        while world.written != list(range(5)):  # noqa: ASYNC110 - nobody else is told
            await asyncio.sleep(0.01)
    assert world.on_disk() == list(range(5))


async def test_letters_that_wait_for_a_full_disk_are_bounded(world: World, monkeypatch):
    monkeypatch.setattr(module, "AGAIN_S", 0.01)
    monkeypatch.setattr(module, "MOST_UNWRITTEN", 10)
    world.disk.full = True
    world.journal.put([letter(0)])
    await world.journal.settled()
    for number in range(1, 30):
        world.journal.put([letter(number)])
    world.disk.full = False
    await world.journal.ask(lambda _store: None)
    async with asyncio.timeout(PATIENCE_S):
        while not world.written:  # noqa: ASYNC110 - nobody else is told
            await asyncio.sleep(0.01)
    assert world.on_disk() == list(range(10))


async def test_what_became_of_letters_is_written_at_the_end_at_the_latest(tmp_path: Path):
    world = World(tmp_path)
    world.journal.put([letter(1)])
    await world.journal.settled()
    world.journal.delivered((1, "http://a"))
    await world.journal.close()
    assert world.on_disk() == []
    world.disk.close()


async def test_nobody_uses_the_store_once_the_journal_is_closed(tmp_path: Path):
    """Also not a question whose asker has gone: its thread goes on."""
    world, started, ended = World(tmp_path), threading.Event(), []

    def slow(store: Store) -> None:
        started.set()
        time.sleep(0.2)
        ended.append(store.count(0))

    asking = asyncio.create_task(world.journal.ask(slow))
    assert await asyncio.to_thread(started.wait, PATIENCE_S)
    asking.cancel()
    await world.journal.close()
    assert ended == [0]
    world.disk.close()
