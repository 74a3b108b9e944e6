"""The table of keys fits the settings, and any document is read or refused with a ConfigError."""

import dataclasses
from contextlib import suppress
from typing import Any

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from roomwright.config import Config, ConfigError, Flags, load
from roomwright.config.schema import NOT_SUPPORTED, RENAMED, SECTIONS, SUPPORTED
from roomwright.config.show import MASK, to_yaml

UNHURRIED = settings(deadline=None)
"""Other work on the same machine is no failure."""

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
    max_leaves=10,
)
NAMES = st.sampled_from(sorted({name for path in (*SUPPORTED, *NOT_SUPPORTED, *RENAMED) for name in path.split(".")}))
DOCUMENTS = st.dictionaries(NAMES | st.text(), VALUES | st.dictionaries(NAMES, VALUES, max_size=4), max_size=6)


def paths(settings: Any, prefix: str = "") -> set[str]:
    """The paths of all fields that are no sections."""
    found = set[str]()
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        section = f"{prefix}{field.name}."
        found |= paths(value, section) if field.name in SECTIONS else {f"{prefix}{field.name}"}
    return found


def test_every_setting_has_a_key_and_every_key_a_setting() -> None:
    assert paths(Config()) | {"key_file"} == set(SUPPORTED)


def test_a_key_is_supported_or_not() -> None:
    assert not NOT_SUPPORTED & SUPPORTED.keys()
    assert not {path for path in SUPPORTED if path.partition(".")[0] in NOT_SUPPORTED}
    assert set(RENAMED.values()) <= SUPPORTED.keys()


@UNHURRIED
@given(st.text())
@example("[" * 1_500)
@example("&a [*a]")
@example("room: &a {room_configurations: *a}")
@example("room: {room_configurations: &a {x: {tags: *a}}}")
@example('port: !!int ""')
@example('port: !!timestamp "x"')
@example("port: 2001-99-99")
@example("<<: {port: 1}\nport: 2")
@example("a: &a [1]\nb: [*a, *a]")
@example("--- 1\n--- 2")
def test_any_text_is_read_or_refused(body: str) -> None:
    with suppress(ConfigError):
        load(Flags(config_body=body))
    with suppress(ConfigError):
        load(Flags(keys=body))


@UNHURRIED
@given(DOCUMENTS)
def test_any_document_is_read_or_refused(document: dict[Any, Any]) -> None:
    with suppress(ConfigError):
        load(Flags(config_body=yaml.safe_dump(document)))


def test_what_is_shown_can_be_read_back() -> None:
    body = """\
        port: 0
        bind_addresses: [localhost]
        keys: {a: b}
        grpc: {port: 0}
        rtc: {node_ip: 10.0.0.1, pli_throttle: {low_quality: 0.25s}}
        room: {room_configurations: {x: {empty_timeout: 5, tags: {emptyTimeout: y}}}}
    """
    config = load(Flags(config_body=body)).config
    assert load(Flags(config_body=to_yaml(config))).config == dataclasses.replace(config, keys={"a": MASK})


def test_what_is_shown_holds_no_secret() -> None:
    body = """\
        keys: {a: topsecret}
        room:
          room_configurations:
            x:
              egress:
                room:
                  preset: H264_720P_30
                  segment_outputs: [{filename_prefix: shown, s3: {access_key: topsecret, secret: topsecret}}]
                  stream_outputs: [{urls: ["rtmp://x/topsecret"]}]
    """
    shown = to_yaml(load(Flags(config_body=body)).config)
    assert "topsecret" not in shown
    assert "filename_prefix: shown" in shown
    assert f"secret: '{MASK}'" in shown
