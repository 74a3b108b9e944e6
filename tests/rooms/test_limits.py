"""What may be how large."""

import pytest

from roomwright.config import LimitSettings
from roomwright.errors import Code, ServiceError
from roomwright.rooms.limits import Limits, over

LIMITS = Limits(
    max_metadata_size=8,
    max_attributes_size=8,
    max_room_name_length=8,
    max_participant_name_length=8,
    max_participant_identity_length=8,
    max_data_size=8,
)
CASES = [
    ("metadata", "12345678", "123456789", {"argument": "metadata size exceeds limits"}),
    ("metadata", "éééé", "éééé1", {"argument": "metadata size exceeds limits"}),
    ("attributes", {"1234": "5678"}, {"1234": "56789"}, {"argument": "attribute size exceeds limits"}),
    ("attributes", {"é": "é", "1": "234"}, {"é": "é", "1": "2345"}, {"argument": "attribute size exceeds limits"}),
    ("room_name", "12345678", "123456789", {}),
    ("participant_name", "12345678", "123456789", {"argument": "name length exceeds limits"}),
    ("identity", "12345678", "123456789", {}),
    ("data", b"12345678", b"123456789", {"argument": "data size exceeds limits"}),
]


@pytest.mark.parametrize(("method", "largest", "too_large", "meta"), CASES)
def test_the_limit_itself_is_allowed_and_more_is_not(method, largest, too_large, meta):
    check = getattr(LIMITS, method)
    check(largest)
    with pytest.raises(ServiceError, match="9") as refused:
        check(too_large)
    assert (refused.value.code, refused.value.meta) == (Code.INVALID_ARGUMENT, meta)


@pytest.mark.parametrize(("method", "_", "value", "__"), CASES)
def test_zero_is_no_limit(method, _, value, __):
    getattr(Limits(**dict.fromkeys(LimitSettings.__dataclass_fields__, 0)), method)(value)


def test_limits_are_made_of_settings():
    limits = Limits.of(LimitSettings(max_data_size=5))
    assert limits.max_data_size == 5
    assert limits.max_metadata_size == 524_288
    assert Limits.of(limits) is limits


@pytest.mark.parametrize(
    ("text", "limit", "expected"), [("", 1, False), ("é" * 4, 8, False), ("é" * 4, 7, True), ("😀", 3, True)]
)
def test_over_counts_bytes(text, limit, expected):
    assert over(text, limit) is expected
