"""The executor of documents runs what it should, and says what is wrong with what it cannot."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.blocks import Command, blocks_of, commands_of, is_like
from tests.docs.executor import Executor, WrongBlockError


@pytest.fixture
def executor(tmp_path: Path) -> Iterator[Executor]:
    executor = Executor(tmp_path)
    yield executor
    executor.close()


def run(executor: Executor, info: str, text: str) -> None:
    for block in blocks_of(f"```{info}\n{text}\n```\n"):
        executor.run(block)


def test_finds_blocks_with_their_lines_and_options() -> None:
    text = '# A\n\n```console file="no net" fails\n$ a\n```\nand\n````text\n```\n````\n'
    first, second = blocks_of(text)
    assert (first.line, first.language, first.text) == (3, "console", "$ a\n")
    assert first.options == {"file": "no net", "fails": ""}
    assert (second.line, second.language, second.text) == (7, "text", "```\n")


def test_reads_commands_and_what_they_print() -> None:
    assert commands_of("$ a \\\n    b\n1\n\n2\n$ c\n") == [Command("a \\\n    b", "1\n\n2"), Command("c", "")]


def test_compares_with_dots_for_anything() -> None:
    assert is_like("a\n3 of 4\n", "a\n... of 4")
    assert not is_like("a\n3 of 4\n", "a\n... of 5")


@pytest.mark.parametrize(
    ("info", "text"),
    [
        ("python", "assert 1 + 1 == 2"),
        ("python test", "def test_it():\n    assert True"),
        ("console", "$ A=3\n$ echo $A\n3"),
        ("console fails", "$ roomwright --port x\nroomwright: error: ..."),
        ("yaml", "port: 7880"),
        ("json", '{"a": 1}'),
        ("toml", "a = 1"),
        ("text", "anything"),
        ("nginx run-by=tests/docs/test_deployment.py", "server {}"),
    ],
)
def test_passes_what_works(executor: Executor, info: str, text: str) -> None:
    run(executor, info, text)


@pytest.mark.parametrize(
    ("info", "text", "why"),
    [
        ("", "x", "no way to check a block without a language"),
        ("nginx", "server {}", "no way to check nginx"),
        ("nginx run-by=tests/docs/test_no.py", "server {}", "does not run blocks"),
        ("nginx run-by=tests/docs/test_docs.py", "server {}", "does not run blocks"),
        ("python", "raise ValueError('no')", "ValueError: no"),
        ("python test", "def test_it():\n    assert False", "1 failed"),
        ("console", "$ echo 1\n2", "prints"),
        ("console", "echo 1", "begins with"),
        ("console", "$ false", "exit code 1"),
        ("console fails", "$ true", "exit code 0"),
        ("yaml", "prot: 7880", "prot"),
        ("yaml", "port: x", "port"),
        ("json", "{", "line 1"),
        ("json notrun=x", "{}", "unknown options: notrun"),
    ],
)
def test_fails_what_does_not_work(executor: Executor, info: str, text: str, why: str) -> None:
    with pytest.raises(WrongBlockError, match=why):
        run(executor, info, text)


def test_a_file_is_there_for_the_blocks_after_it(executor: Executor) -> None:
    run(executor, "python file=one.py", "print(1)")
    run(executor, "console", "$ python one.py\n1")


def test_a_document_has_a_server_of_its_own(executor: Executor) -> None:
    run(executor, "console", "$ curl -s http://127.0.0.1:7880/\nOK")
    run(executor, "python", "import os, urllib.request\nurllib.request.urlopen(os.environ['LIVEKIT_URL'])")


def test_a_document_says_how_its_server_is_configured(executor: Executor) -> None:
    run(executor, "yaml server", "limit: {max_room_name_length: 3}")
    ask = "import livekit.api as l, asyncio as a\nasync def f():\n async with l.LiveKitAPI() as k:\n  "
    ask += "await k.room.create_room(l.CreateRoomRequest(name='four'))\na.run(f())"
    with pytest.raises(WrongBlockError, match="room name length exceeds limits"):
        run(executor, "python", ask)


def test_a_command_that_serves_is_stopped_when_it_listens(executor: Executor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run(executor, "console serves", f"$ roomwright --dev --port {port}")
        run(executor, "console serves", f"$ roomwright --dev --config-body 'port: {port}'    # on another one, here")
    with pytest.raises(WrongBlockError, match="does not listen"):
        run(executor, "console serves", "$ roomwright --dev --bind nowhere.invalid")
