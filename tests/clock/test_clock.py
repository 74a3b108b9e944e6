"""Time and identifiers."""

import re
import string

import pytest

from roomwright.clock import CountedIds, ManualClock, RandomIds, SystemClock


def test_a_sid_is_a_prefix_and_twelve_letters_and_digits():
    assert re.fullmatch(r"RM_[A-Za-z0-9]{12}", RandomIds().sid("RM"))


def test_sids_use_the_whole_alphabet_and_do_not_repeat():
    ids = RandomIds()
    sids = {ids.sid("X") for _ in range(2000)}
    assert len(sids) == 2000
    assert set("".join(sids)) == {*string.ascii_letters, *string.digits, "_"}


def test_secrets_and_uuids_are_as_long_as_they_say():
    ids = RandomIds()
    assert len(ids.secret()) == 43
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", ids.uuid())


def test_counted_ids_are_the_same_in_every_run():
    for _ in range(2):
        ids = CountedIds()
        assert (ids.sid("RM"), ids.sid("PA")) == ("RM_000000000001", "PA_000000000002")
        assert ids.uuid() == "00000000-0000-0000-0000-000000000003"
        assert len(ids.secret()) == 43


def test_a_manual_clock_stands_still_until_told_otherwise():
    clock = ManualClock(now_ns=5_000_000_000)
    assert (clock.now_ns(), clock.monotonic()) == (5_000_000_000, 0.0)
    clock.advance(1.5)
    assert (clock.now_ns(), clock.monotonic()) == (6_500_000_000, 1.5)
    with pytest.raises(ValueError, match="cannot go back"):
        clock.advance(-1)


def test_the_systems_clock_goes_on():
    clock = SystemClock()
    assert clock.now_ns() <= clock.now_ns()
    assert clock.monotonic() <= clock.monotonic()
