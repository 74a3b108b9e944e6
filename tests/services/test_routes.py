"""Routes: every method of the generated bases has a handler of the right types, or says that it is not there."""

import contextlib
import inspect
import typing

import pytest

from roomwright.auth.claims import Claims, VideoGrant
from roomwright.auth.grants import NEEDS
from roomwright.errors import Code, ServiceError
from roomwright.services.agent_dispatch import AgentDispatchService
from roomwright.services.room import RoomService
from roomwright.services.routes import Route, routes, settled, snake_case, table
from roomwright.sfu.backend import Caller
from roomwright_proto import livekit as pb

IMPLEMENTED = [(pb.RoomServiceBase, RoomService), (pb.AgentDispatchServiceBase, AgentDispatchService)]
ALL_BASES = [pb.RoomServiceBase, pb.AgentDispatchServiceBase, pb.EgressBase, pb.IngressBase, pb.SipBase]


@pytest.mark.parametrize(("base", "service"), IMPLEMENTED)
def test_every_method_has_a_handler_with_the_types_of_the_schema(base, service) -> None:
    for path, entry in base().__mapping__().items():
        handler = getattr(service, snake_case(path.split("/")[2]))
        hints = typing.get_type_hints(handler)
        assert inspect.iscoroutinefunction(handler)
        assert (hints["request"], hints["caller"]) == (entry.request_type, Caller)
        assert hints["return"] is entry.reply_type


@pytest.mark.parametrize("base", ALL_BASES)
def test_every_method_has_a_row_in_the_table_of_grants(base) -> None:
    assert set(base().__mapping__()) <= set(NEEDS)


@pytest.mark.parametrize("base", ALL_BASES)
def test_names_are_spelled_as_the_generated_stubs_spell_them(base) -> None:
    for path in base().__mapping__():
        assert hasattr(base, snake_case(path.split("/")[2]))


async def test_a_service_that_is_not_there_says_so_by_name_to_those_who_may_call_it() -> None:
    [start] = [route for route in routes(pb.EgressBase, None) if route.path.endswith("/ListEgress")]
    with pytest.raises(ServiceError, match="roomRecord") as refused:
        await start.handler(pb.ListEgressRequest(), Caller(Claims()))
    assert refused.value.code is Code.UNAUTHENTICATED
    with pytest.raises(ServiceError, match=r"Egress\.ListEgress") as missing:
        await start.handler(pb.ListEgressRequest(), Caller(Claims(video=VideoGrant(room_record=True))))
    assert missing.value.code is Code.UNIMPLEMENTED


def test_a_service_that_lacks_a_handler_is_found_out_at_start() -> None:
    with pytest.raises(AttributeError):
        table([(pb.RoomServiceBase, object())])


def test_a_route_knows_its_service() -> None:
    assert {route.service for route in routes(pb.EgressBase, None)} == {"livekit.Egress"}


@pytest.mark.parametrize("fails", [False, True])
async def test_an_answer_waits_until_everything_is_settled(fails) -> None:
    order: list[str] = []

    async def handler(request, caller) -> pb.Room:
        order.append("done")
        if fails:
            raise ServiceError(Code.NOT_FOUND, "nothing there")
        return pb.Room()

    async def settle() -> None:
        order.append("settled")

    [route] = settled({"/a.B/C": Route("/a.B/C", pb.Room, pb.Room, handler)}, [settle]).values()
    with contextlib.suppress(ServiceError):
        await route.handler(pb.Room(), Caller())
        order.append("answered")
    assert order == (["done", "settled"] if fails else ["done", "settled", "answered"])
