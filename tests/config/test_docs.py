"""docs/configuration.md shows every key with its default."""

import dataclasses
import re
from pathlib import Path

import yaml

from roomwright.config import Config, Flags, load
from roomwright.config.schema import SECTIONS, SUPPORTED

TEXT = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
SHOWN: str = re.search(r"from the code: all settings -->\n+```yaml\n(.*?)```", TEXT, re.DOTALL)[1]


def test_shows_all_keys() -> None:
    document = yaml.safe_load(SHOWN)
    paths = {f"{name}.{key}" for name in SECTIONS for key in document[name]} | document.keys() - SECTIONS
    assert paths == set(SUPPORTED)


def test_shows_the_defaults() -> None:
    loaded = load(Flags(config_body=SHOWN))
    assert list(loaded.config.room.room_configurations) == ["classroom"]
    room = dataclasses.replace(loaded.config.room, room_configurations={})
    assert dataclasses.replace(loaded.config, room=room) == Config()


def test_names_all_flags() -> None:
    flags = {f"--{field.name.replace('_', '-')}" for field in dataclasses.fields(Flags)}
    assert {flag for flag in flags if f"`{flag}" not in TEXT} == set()
