"""Answers of the API in a scenario: as recorded, with the sids of today, and with counts that are exact."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from tests.conformance.compare import is_twirp_error
from tests.conformance.matching import differences

_DIFFERS_EACH_TIME = {
    "cid",
    "creation_time",
    "creation_time_ms",
    "joined_at",
    "joined_at_ms",
    "mid",
    "ssrc",
    "turn_password",
    "unix_micro",
    "ticks",
    "version",
}
_COUNTS = {"num_participants", "num_publishers"}
_CUT = re.compile(r"(.+)\u2026\((\d+) characters\)")
_SIZE = re.compile(r"\d+$")


def todays(value: Any, sids: Mapping[str, str]) -> Any:
    """A recorded value with the sids of today in place of those recorded."""
    text = json.dumps(value)
    for then, now in sids.items():
        text = text.replace(then, now)
    return json.loads(text)


def request(recorded: Mapping[str, Any], note: str, now: float) -> dict[str, Any]:
    """The message to send: long data, which the recorder cut, in full; times relative to now."""
    message = dict(recorded)
    if _CUT.fullmatch(message.get("data", "")) and (size := _SIZE.search(note)):
        message["data"] = base64.b64encode(b"x" * int(size[0])).decode()
    if message.get("revoke_token_ts"):
        message["revoke_token_ts"] = int(now)
    return message


def answer_differences(recorded: Any, got: Any) -> list[str]:
    """Where an answer is not as recorded; of an error the code counts."""
    if is_twirp_error(recorded):
        same = is_twirp_error(got) and got["code"] == recorded["code"]
        return [] if same else [f"expected {recorded['code']}, got {got}"]
    return list(differences(_loosened(recorded), got, {}, "answer"))


def _loosened(value: Any) -> Any:
    match value:
        case dict():
            return {
                name: "<any>" if name in _DIFFERS_EACH_TIME | _COUNTS else _loosened(each)
                for name, each in value.items()
            }
        case list():
            return [_loosened(each) for each in value]
        case _:
            return value


def with_exact_counts(state: Mapping[str, Any], uncounted: set[str]) -> list[dict[str, Any]]:
    """The rooms of a recorded state, counted by its participants; `uncounted` are agents and recorders."""
    if "participants" not in state:
        return list(state["rooms"])
    counted = [each for each in state["participants"] if each["identity"] not in uncounted]
    publishers = sum(each["is_publisher"] for each in counted)
    return [{**room, "num_participants": len(counted), "num_publishers": publishers} for room in state["rooms"]]
