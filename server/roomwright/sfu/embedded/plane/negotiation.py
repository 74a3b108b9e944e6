"""What both ways of negotiating have in common: answering an offer."""

from collections.abc import Sequence

from roomwright.media.sdp import Announced, Answer, Answerer, Wanted
from roomwright.media.sdp.reader import parse
from roomwright.sfu.embedded.plane.connection import Connection


def answer(
    connection: Connection, answerer: Answerer, sdp: str, announced: Sequence[Announced], wanted: Sequence[Wanted]
) -> Answer:
    """Answer an offer, and tell the transport what it says. Raises ValueError for an offer that cannot be used."""
    local = connection.meet(parse(sdp, answerer.max_sections).transport())
    answer = answerer.answer(sdp, local, announced, wanted)
    connection.describe(answer.remote)
    return answer
