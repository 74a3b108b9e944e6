"""Completion scripts, run by the shells themselves; nothing is completed that the parser does not take."""

import argparse
import shutil
import subprocess
from pathlib import Path

import pytest

from roomwright.__main__ import main
from roomwright.cli.completion import places
from roomwright.cli.parser import make_parser
from tests.support import skip_or_fail

BASH = """
source {script}
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_roomwright
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
ZSH = """
_describe() {{ for each in ${{(P)2}}; do print -r -- ${{each%%:*}}; done }}
compadd() {{ shift; print -rl -- "$@" }}
_files() {{ print }}
compdef() {{ }}
source {script}
words=({words}); CURRENT=$#words
_roomwright
"""
FISH = """
source {script}
complete -C (string join -- ' ' {words}); or true
"""
PROGRAMS = {"bash": ["bash", "--norc"], "zsh": ["zsh", "-f"], "fish": ["fish", "--no-config"]}
ASKS = {"bash": BASH, "zsh": ZSH, "fish": FISH}

ROOM_COMMANDS = {"list", "create", "update", "delete", "participants", "tracks", "send-data"}


@pytest.fixture(params=["bash", "zsh", "fish"])
def shell(request: pytest.FixtureRequest) -> str:
    if shutil.which(request.param) is None:
        skip_or_fail(f"{request.param} is not installed")
    return request.param


@pytest.fixture
def script(shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["completion", shell]) == 0
    path = tmp_path / f"completion.{shell}"
    path.write_text(capsys.readouterr().out)
    return path


def completed(shell: str, script: Path, *words: str) -> set[str]:
    """What the shell proposes for the last word; bash and fish leave out what does not begin like it."""
    program = script.with_suffix(".test")
    quoted = " ".join(f"'{word}'" for word in words)
    program.write_text(ASKS[shell].format(script=script, words=quoted))
    done = subprocess.run([*PROGRAMS[shell], str(program)], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    return {line.partition("\t")[0] for line in done.stdout.splitlines() if line}


def test_commands_are_proposed(shell: str, script: Path) -> None:
    assert completed(shell, script, "roomwright", "") >= {"serve", "room", "token", "completion"}
    assert completed(shell, script, "roomwright", "room", "") >= ROOM_COMMANDS
    assert completed(shell, script, "roomwright", "room", "participants", "") >= {"list", "get", "remove"}


def test_what_begins_like_a_word_is_proposed(shell: str, script: Path) -> None:
    assert "room" in completed(shell, script, "roomwright", "ro")


def test_flags_before_a_command_do_not_confuse(shell: str, script: Path) -> None:
    assert completed(shell, script, "roomwright", "--dev", "room", "") >= ROOM_COMMANDS


def test_flags_are_proposed(shell: str, script: Path) -> None:
    assert completed(shell, script, "roomwright", "room", "list", "--") >= {"--url", "--api-key", "--dev", "--json"}


def test_values_are_proposed_where_they_are_few(shell: str, script: Path) -> None:
    assert completed(shell, script, "roomwright", "completion", "") >= {"bash", "fish", "zsh"}


def test_no_command_is_proposed_where_a_value_is_wanted(shell: str, script: Path) -> None:
    assert not completed(shell, script, "roomwright", "room", "list", "--api-key", "") & ROOM_COMMANDS


def test_every_command_has_a_place() -> None:
    found = {place.path for place in places(make_parser())}
    assert {"", "room", "room participants get", "token create", "dispatch delete"} <= found


def test_every_flag_says_nothing_twice() -> None:
    for place in places(make_parser()):
        texts = [word.text for word in place.words]
        assert len(texts) == len(set(texts)), place


def test_every_help_can_be_shown(capsys: pytest.CaptureFixture[str]) -> None:
    for place in places(make_parser()):
        with pytest.raises(SystemExit) as ended:
            make_parser().parse_args([*place.path.split(), "--help"])
        assert ended.value.code == 0
        assert argparse.SUPPRESS not in capsys.readouterr().out
