"""Live streams over RTMP, to FFmpeg's listener."""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from roomwright.egress.recorder import outputs
from roomwright.egress.recorder.outputs.backlog import MAX_BYTES, Backlog
from roomwright.egress.recorder.outputs.streams import StreamsOutput
from roomwright.egress.recorder.units import OutputError, Unit
from roomwright_proto import livekit as pb
from roomwright_proto.roomwright.egress import v1
from tests.egress import source
from tests.egress.composing import EPOCH_NS, SECOND, later, local, plan, recorded, results
from tests.egress.programs import rtmp_listener, until
from tests.ports import free_port

ACTIVE, FINISHED, FAILED = pb.StreamInfoStatus.ACTIVE, pb.StreamInfoStatus.FINISHED, pb.StreamInfoStatus.FAILED


def streams(*urls: str, retries: tuple[float, ...] = (0.2, 0.2)) -> StreamsOutput:
    """An output to these URLs that gives up soon, opened."""
    destinations = [pb.StreamDestination(id=f"id{number}", url=url) for number, url in enumerate(urls)]
    output = StreamsOutput(v1.Stream(destinations=destinations), retries=retries)
    output.open(recorded(4.0)[0], EPOCH_NS)
    return output


def sent(output: Any, *, start_ns: int = 0) -> int:
    """Write four seconds, somewhat faster than real time; where they end."""
    for number, unit in enumerate(recorded(4.0)[1]):
        output.write(later(unit, start_ns))
        if number % 30 == 0:
            time.sleep(0.1)
    return start_ns + 4 * SECOND


def test_a_stream_arrives_as_it_was_sent_and_its_key_is_not_told(tmp_path: Path):
    with rtmp_listener(tmp_path / "a.flv", free_port()) as url:
        output = streams(url)
        sent(output)
        output.close()
    watched = source.watch(tmp_path / "a.flv")
    assert [shown.number for shown in watched.shown] == list(range(120))
    assert all(abs(offset) < 0.03 for offset in watched.offsets())
    said = results(output).streams[0]
    assert (said.status, said.id, said.error, said.retries) == (FINISHED, "id0", "", 0)
    assert said.duration == 4 * SECOND
    assert said.started_at <= said.ended_at
    assert "secretkey" not in str(said)
    assert "secretkey" not in repr(output)


def test_one_that_fails_does_not_fail_the_other(tmp_path: Path):
    with rtmp_listener(tmp_path / "a.flv", free_port()) as url:
        output = streams(url, f"rtmp://127.0.0.1:{free_port()}/live/otherkey")
        end = 0
        while results(output).streams[1].status is not FAILED:
            end = sent(output, start_ns=end)
        good, bad = results(output).streams
        output.close()
    assert good.status is ACTIVE or good.status is FINISHED
    assert bad.retries == 2
    assert "Connection refused" in bad.error
    assert "otherkey" not in bad.error
    assert source.watch(tmp_path / "a.flv").duration > 3


def test_a_stream_is_taken_up_again_after_its_server_came_back(tmp_path: Path):
    port = free_port()
    with ExitStack() as stack:
        output = streams(f"rtmp://127.0.0.1:{port}/live/secretkey", retries=(0.5,) * 20)
        end = sent(output)
        stack.enter_context(rtmp_listener(tmp_path / "a.flv", port))
        until(lambda: _sent_until_it_goes(output, end))
        output.close()
    said = results(output).streams[0]
    assert said.status is FINISHED
    assert said.retries > 0
    assert said.last_retry_at > 0
    assert len(source.watch(tmp_path / "a.flv").shown) > 20


def _sent_until_it_goes(output: Any, start_ns: int) -> bool:
    sent(output, start_ns=start_ns)
    return results(output).streams[0].duration > 2 * SECOND


def test_streams_are_added_and_removed_while_it_runs(tmp_path: Path):
    with ExitStack() as stack:
        one = stack.enter_context(rtmp_listener(tmp_path / "a.flv", free_port()))
        two = stack.enter_context(rtmp_listener(tmp_path / "b.flv", free_port()))
        wanted = plan(v1.Output(stream=v1.Stream(destinations=[pb.StreamDestination(url=one)])))
        made = outputs.make(wanted)
        made.open(recorded(4.0)[0], EPOCH_NS)
        end = sent(made)
        made.stream_added(v1.StreamAdded(number=1, url=two, id="second"))
        end = sent(made, start_ns=end)
        made.stream_removed(one)
        assert not made.exhausted()
        sent(made, start_ns=end)
        made.stream_removed(two)
        assert made.exhausted()
        made.close()
    said = results(made).streams
    assert [each.status for each in said] == [FINISHED, FINISHED]
    assert said[1].id == "second"
    assert source.watch(tmp_path / "a.flv").duration == pytest.approx(8, abs=0.5)
    assert source.watch(tmp_path / "b.flv").duration == pytest.approx(8, abs=0.5)


def test_when_all_have_failed_the_egress_has_and_says_why():
    made = outputs.make(plan(v1.Output(stream=_nowhere())))
    made._outputs[0]._retries = (0.1,)
    made.open(recorded(4.0)[0], EPOCH_NS)
    with pytest.raises(OutputError, match=r"all streams failed: .*Connection refused") as failed:
        until(lambda: sent(made) < 0)
    assert "secretkey" not in str(failed.value)
    made.close()


def test_a_file_goes_on_when_all_streams_have_failed(tmp_path: Path):
    made = outputs.make(
        plan(v1.Output(stream=_nowhere()), v1.Output(file=v1.File(path="a.mp4"), storage=local(tmp_path)))
    )
    made._outputs[0]._retries = ()
    made.open(recorded(4.0)[0], EPOCH_NS)
    sent(made)
    until(lambda: results(made).streams[0].status is FAILED)
    assert not made.exhausted()
    made.close()
    assert len(source.watch(tmp_path / "a.mp4").shown) == 120


def test_a_stream_that_was_never_reached_has_failed_when_it_is_ended():
    output = streams(f"rtmp://127.0.0.1:{free_port()}/live/secretkey", retries=(30.0,))
    sent(output)
    output.close()
    said = results(output).streams[0]
    assert said.status is FAILED
    assert "Connection refused" in said.error


@pytest.mark.parametrize("url", ["srt://127.0.0.1:1", "http://127.0.0.1/x", "", "live/secretkey"])
def test_what_is_not_rtmp_is_refused_without_its_key(url: str):
    with pytest.raises(OutputError, match="not RTMP") as refused:
        StreamsOutput(v1.Stream(destinations=[pb.StreamDestination(url=url)]))
    assert "secretkey" not in str(refused.value)


def test_a_backlog_is_bounded_and_goes_on_with_a_key_frame():
    backlog = Backlog(key_index=0)
    big = bytes(MAX_BYTES // 10)
    backlog.put(Unit(0, 0, 0, 1, False, big))
    for number in range(25):
        backlog.put(Unit(0, number, number, 1, number % 4 == 0, big))
    assert backlog.lost == 20
    first = backlog.get()
    assert first is not None
    assert first.key
    backlog.end()
    assert [first.pts_ns, *(unit.pts_ns for unit in iter(backlog.get, None))] == [24]


def _nowhere() -> v1.Stream:
    return v1.Stream(destinations=[pb.StreamDestination(url=f"rtmp://127.0.0.1:{free_port()}/live/secretkey")])
