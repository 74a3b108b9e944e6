import base64
import gzip

import pytest
from benchlib import CannotMeasureError
from light_offer import Server, join_request, offer

from roomwright import codec
from roomwright_proto import livekit as pb

ANSWER = """v=0\r
m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r
a=ice-ufrag:theirs\r
a=ice-pwd:secret\r
a=fingerprint:sha-256 AB:CD\r
a=candidate:1 1 udp 2130706431 127.0.0.1 7882 typ host\r
"""


def test_an_answer_says_where_the_server_is_and_who():
    assert Server.of(ANSWER) == Server("theirs", "secret", "AB:CD", ("127.0.0.1", 7882))


def test_an_answer_without_a_candidate_is_no_use():
    with pytest.raises(CannotMeasureError, match="a=candidate:"):
        Server.of(ANSWER.replace("a=candidate", "b=candidate"))


def test_an_offer_has_places_for_tracks_and_for_data():
    lines = offer("mine", "password", "AB:CD").split("\r\n")
    assert [line.split()[0] for line in lines if line.startswith("m=")] == ["m=audio"] * 3 + ["m=video"] * 3 + [
        "m=application"
    ]
    assert "a=group:BUNDLE 0 1 2 3 4 5 6" in lines


@pytest.mark.parametrize("sdp", ["v=0\r\n", None])
def test_a_join_request_holds_the_offer(sdp):
    wrapped = codec.decode(pb.WrappedJoinRequest, base64.urlsafe_b64decode(join_request(sdp)))
    request = codec.decode(pb.JoinRequest, gzip.decompress(wrapped.join_request))
    assert (request.publisher_offer.sdp if request.publisher_offer else None) == sdp
