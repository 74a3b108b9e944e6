"""`roomwright token create`, for the event stream."""

import pytest
from livekit import api

from roomwright.__main__ import main


def test_a_token_for_everything_in_the_event_stream_names_no_room(capsys: pytest.CaptureFixture[str]):
    assert main(["token", "create", "--dev", "--list", "--admin"]) == 0
    output = capsys.readouterr()
    claims = api.TokenVerifier("devkey", "secret").verify(output.out.strip())
    assert claims.video is not None
    assert (claims.video.room_list, claims.video.room_admin, claims.video.room) == (True, True, "")
    assert "may know what happens in all rooms, list rooms" in output.err
