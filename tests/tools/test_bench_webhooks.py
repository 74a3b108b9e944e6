"""The benchmark of webhooks does what it says, in small."""

import asyncio

import pytest
from bench_webhooks import ROLES, World, room


@pytest.mark.parametrize("role", ["bare", "delivered", "written"])
async def test_each_role_measures_every_event(role: str):
    came = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal came
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = int(head.lower().partition(b"content-length: ")[2].split()[0])
            await reader.readexactly(length)
            came += 1
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def at_the_end(_loop, context) -> None:
        assert isinstance(context.get("exception"), asyncio.IncompleteReadError)

    asyncio.get_running_loop().set_exception_handler(at_the_end)
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    facts = await ROLES[role](f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", 40, 5)
    server.close()
    assert facts["cpu_us"] > 0
    assert facts["per_s"] > 0
    assert came == (0 if role == "written" else 40)


async def test_what_happens_is_in_the_outbox_at_once(tmp_path):
    world = World("http://127.0.0.1:9/", tmp_path)
    await world.start()
    await world.happen(40, [room(number) for number in range(5)])
    assert world.outbox.store.count(0) == 40
    await world.end()
