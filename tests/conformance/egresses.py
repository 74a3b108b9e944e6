"""What a server that records by itself answers where the reference finds no service: an egress that starts."""

from collections.abc import Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict
from livekit.protocol import egress

_MEMBERS = {
    "StartEgress": "egress",
    "StartRoomCompositeEgress": "room_composite",
    "StartParticipantEgress": "participant",
    "StartTrackCompositeEgress": "track_composite",
    "StartTrackEgress": "track",
}
_ROOMS = ("egress", "room_composite")
"""Requests for a room: what they write is known at once, of others when their tracks are there."""


def starting(method: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """The EgressInfo that answers a request for a file, with every field that is printed, in the schema's order."""
    member = _MEMBERS[method]
    kind = egress.EGRESS_SOURCE_TYPE_WEB if member in _ROOMS else egress.EGRESS_SOURCE_TYPE_SDK
    info = egress.EgressInfo(room_name=request["room_name"], source_type=kind)
    shown = MessageToDict(info, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    shown |= {"egress_id": "<sid:EG>", "room_id": "<sid:RM>", "updated_at": "<unix_ns>", member: "<any>"}
    if member in _ROOMS:
        shown |= {"file_results": "<any>", "file": "<any>"}
    return {field.name: shown[field.name] for field in info.DESCRIPTOR.fields if field.name in shown}


def with_ids(body: Any) -> Any:
    """A list of egresses whose stream results have ids."""
    items = [
        {**item, "stream_results": [{**stream, "id": ""} for stream in item["stream_results"]]}
        for item in body["json"]["items"]
    ]
    return {"json": {**body["json"], "items": items}}
