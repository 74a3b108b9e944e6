import pytest
from bench_cases import CASES
from bench_messages import JSON, METHODS, PROTOBUF, decode, differences, encode, numbered, path
from bench_wrk import COUNTER


def test_every_method_is_measured():
    assert {case.method for case in CASES} == set(METHODS)


def test_rows_have_names_of_their_own():
    titles = [case.title for case in CASES]
    assert len(set(titles)) == len(titles)


def test_a_path_is_twirps():
    assert path("CreateDispatch") == "/twirp/livekit.AgentDispatchService/CreateDispatch"


def test_the_counter_survives_both_encodings():
    message = {"name": f"created-{COUNTER}"}
    assert COUNTER.encode() in encode("CreateRoom", JSON, message)
    assert COUNTER.encode() in encode("CreateRoom", PROTOBUF, message)


def test_json_requests_are_compact_and_camel_case():
    assert encode("RemoveParticipant", JSON, {"revokeTokenTs": "1"}) == b'{"revokeTokenTs":"1"}'


def test_answers_in_both_encodings_read_alike():
    body = b"\x0a\x04RM_1\x12\x05lobby"
    assert decode("CreateRoom", PROTOBUF, body) == decode("CreateRoom", JSON, b'{"sid":"RM_1","name":"lobby"}')


def test_numbers_are_written_wherever_the_counter_stands():
    assert numbered({"a": [f"x{COUNTER}"], "b": True}, 7) == {"a": ["x000000000007"], "b": True}


def test_an_answer_may_say_more_than_is_expected():
    assert differences({"a": [{"b": 1}]}, {"a": [{"b": 1, "c": 2}], "d": 3}) == []


@pytest.mark.parametrize(
    ("expected", "got", "line"),
    [
        ({"a": 1}, {}, "answer.a: 1 expected, got None"),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, "answer.a[0].b: 1 expected, got 2"),
        ({"a": [{}, {}]}, {"a": [{}]}, "answer.a: 2 expected, got 1"),
    ],
    ids=["missing", "wrong", "too short"],
)
def test_a_difference_says_where_it_is(expected, got, line):
    assert differences(expected, got) == [line]
