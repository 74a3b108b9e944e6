import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomwright import codec
from roomwright.signalling.frames import Encoder, FrameError, decode
from roomwright_proto import livekit as pb


def test_binary_frames_hold_protobuf():
    assert decode(codec.encode(pb.SignalRequest(ping=5))) == pb.SignalRequest(ping=5)


@pytest.mark.parametrize("text", ['{"pingReq":{"timestamp":"5"}}', '{"ping_req":{"timestamp":5,"unknown":1}}'])
def test_text_frames_hold_json_in_either_spelling(text):
    assert decode(text) == pb.SignalRequest(ping_req=pb.Ping(timestamp=5))


@pytest.mark.parametrize("empty", [b"", ""])
def test_an_empty_frame_says_nothing(empty):
    assert decode(empty) is None


@pytest.mark.parametrize("broken", [b"\xff\xff\xff", "{nope", "[]", '{"pingReq":1}', "\ud800"])
def test_what_is_no_message_is_refused(broken):
    with pytest.raises(FrameError):
        decode(broken)


@settings(deadline=None)
@given(st.binary() | st.text(alphabet=st.characters()))
def test_no_frame_raises_anything_else(frame):
    try:
        decoded = decode(frame)
    except FrameError:
        return
    assert decoded is None or isinstance(decoded, pb.SignalRequest)


def test_what_goes_to_many_is_encoded_once():
    encoder, message = Encoder(), pb.SignalResponse(pong=7)
    assert encoder.encode(message, text=False) is encoder.encode(message, text=False)
    assert encoder.encode(message, text=True) is encoder.encode(message, text=True)
    assert encoder.encode(message, text=True) == '{"pong":"7"}'
    assert encoder.encode(pb.SignalResponse(pong=8), text=False) == codec.encode(pb.SignalResponse(pong=8))
