import pytest
from benchlib import KEY, SECRET, CannotMeasureError
from light_client import Crowd

from roomwright.config import Config
from tests.serving import running


@pytest.fixture
def port():
    with running(Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET})) as server:
        yield server.port


@pytest.mark.parametrize("together", [True, False])
async def test_clients_get_in_and_time_goes_forward(port, together):
    async with Crowd(port) as crowd:
        for times in await crowd.join("room", 3, together=together):
            assert 0 < times.join <= times.answer <= times.dtls <= times.data
            assert times.answer < times.active


async def test_a_client_without_media_only_gets_the_join_message(port):
    async with Crowd(port) as crowd:
        (times,) = await crowd.join("room", 1, media=False)
        assert times.join > 0
        assert times.answer is None


async def test_a_client_that_is_refused_says_so():
    with running() as stranger:
        async with Crowd(stranger.port) as crowd:
            with pytest.raises(CannotMeasureError, match="401"):
                await crowd.join("room", 1)


async def test_a_client_that_is_lost_is_told_of(port):
    async with Crowd(port) as crowd:
        await crowd.join("room", 1)
        crowd.require_all()
        await crowd.join("room", 1)  # the same identity
        with pytest.raises(CannotMeasureError, match=r"room-0 was lost: .*DUPLICATE_IDENTITY"):
            crowd.require_all()


async def test_nothing_goes_wrong_unheard_when_all_leave(port, caplog):
    async with Crowd(port) as crowd:
        await crowd.join("room", 5, together=True)
    assert caplog.messages == []
