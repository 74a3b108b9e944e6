"""Data packets: who receives them."""

from roomwright.errors import invalid_argument
from roomwright.rooms import rpc
from roomwright.rooms.commands import SendPacket
from roomwright.rooms.limits import NONCE_SIZE, Limits
from roomwright.rooms.participant import Participant
from roomwright.rooms.turn import Turn
from roomwright_proto import livekit as pb

NONCES_KEPT = 1024

Nonces = dict[bytes, None]
"""The last nonces that a room has seen, oldest first."""


def check(request: pb.SendDataRequest, limits: Limits) -> None:
    """Refuse a packet whose fields are wrong."""
    if request.nonce and len(request.nonce) != NONCE_SIZE:
        raise invalid_argument(f"nonce should be {NONCE_SIZE}-bytes or not present, got: {len(request.nonce)} bytes")
    limits.data(request.data)


def send(turn: Turn, request: pb.SendDataRequest) -> None:
    """Deliver a packet from the API: it has no sender, and a nonce that was seen before is dropped."""
    if request.nonce and not _first(turn, request.nonce):
        return
    _deliver(turn, _packet(request), None)


def relay(turn: Turn, sender: Participant, command: SendPacket) -> None:
    """Deliver a packet from a participant, if it may send any; it names its sender whatever the client wrote."""
    packet = command.packet
    if rpc.take(turn, sender, packet) or not sender.permission.can_publish_data:
        return
    packet.participant_identity = sender.identity
    packet.participant_sid = sender.sid
    if packet.user is not None:
        packet.user.participant_identity = sender.identity
        packet.user.participant_sid = sender.sid
    _deliver(turn, packet, sender)


def _deliver(turn: Turn, packet: pb.DataPacket, sender: Participant | None) -> None:
    user = packet.user
    identities = {*packet.destination_identities, *(user.destination_identities if user else ())}
    sids = set(user.destination_sids) if user else set[str]()
    for participant in turn.room.participants.values():
        if participant is sender or not participant.active:
            continue
        if not (identities or sids) or participant.identity in identities or participant.sid in sids:
            turn.post(participant, packet)


def _packet(request: pb.SendDataRequest) -> pb.DataPacket:
    """Any kind but RELIABLE is lossy. Deprecated fields are set afterwards: the constructors would warn."""
    user = pb.UserPacket(payload=request.data, topic=request.topic, nonce=request.nonce)
    user.destination_sids = list(request.destination_sids)
    user.destination_identities = list(request.destination_identities)
    packet = pb.DataPacket(destination_identities=list(request.destination_identities), user=user)
    packet.kind = pb.DataPacketKind.LOSSY if request.kind else pb.DataPacketKind.RELIABLE
    return packet


def _first(turn: Turn, nonce: bytes) -> bool:
    room = turn.room
    if room.nonces is None:
        room.nonces = {}
    if nonce in room.nonces:
        return False
    room.nonces[nonce] = None
    if len(room.nonces) > NONCES_KEPT:
        del room.nonces[next(iter(room.nonces))]
    return True
