"""buf.yaml's rules: the schema keeps its style, and a change that would break a client is caught."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

AGAINST_IMAGE = ("breaking", "proto/livekit", "--against", "proto/image.binpb")


def buf(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    command = ["buf", *arguments]
    return subprocess.run(
        command, cwd=root, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=300
    )


def edit(root: Path, file: str, old: str, new: str) -> None:
    path = root / "proto" / "livekit" / file
    text = path.read_text()
    assert text.count(old) == 1, f"{old!r} is no longer a single place in {file}"
    path.write_text(text.replace(old, new))


def test_the_schema_keeps_its_style(repository: Path):
    done = buf(repository, "lint")
    assert (done.returncode, done.stdout) == (0, "")


def test_a_message_without_a_comment_is_refused(copy: Path):
    with (copy / "proto" / "livekit" / "livekit_room.proto").open("a") as room:
        room.write("\nmessage Bare {}\n")
    assert 'Message "Bare" should have a non-empty comment' in buf(copy, "lint").stdout


def test_the_schema_keeps_to_the_committed_image(repository: Path):
    done = buf(repository, *AGAINST_IMAGE)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("old", "new", "reported"),
    [
        ("uint32 empty_timeout = 2;", "uint32 empty_timeout = 90;", 'field "2" with name "empty_timeout"'),
        ("uint32 empty_timeout = 2;", "string empty_timeout = 2;", 'Field "2" with name "empty_timeout"'),
        ("uint32 empty_timeout = 2;", "uint32 idle_timeout = 2;", 'name from "empty_timeout" to "idle_timeout"'),
        ("repeated Room rooms = 1;", "Room rooms = 1;", 'Field "1" with name "rooms"'),
        (
            "rpc DeleteRoom(DeleteRoomRequest) returns (DeleteRoomResponse);",
            "rpc DeleteRoom(DeleteRoomRequest) returns (ListRoomsResponse);",
            'RPC "DeleteRoom" on service "RoomService"',
        ),
    ],
    ids=["number", "type", "json-name", "label", "answer"],
)
def test_an_incompatible_change_is_caught(copy: Path, old, new, reported):
    room = copy / "proto" / "livekit" / "livekit_room.proto"
    text = room.read_text()
    assert old in text
    room.write_text(text.replace(old, new, 1))

    done = buf(copy, *AGAINST_IMAGE)
    assert done.returncode == 100
    assert reported in done.stdout


def test_an_image_is_not_renewed_over_an_incompatible_change(copy: Path):
    edit(copy, "livekit_room.proto", "repeated Room rooms = 1;", "repeated Room rooms = 9;")
    before = (copy / "proto" / "image.binpb").read_bytes()

    renew = [sys.executable, str(copy / "tools" / "generate.py"), "--renew-image"]
    assert subprocess.run(renew, capture_output=True, timeout=300).returncode == 1
    assert (copy / "proto" / "image.binpb").read_bytes() == before


def test_a_new_field_is_compatible_and_renews_the_image(copy: Path):
    edit(copy, "livekit_room.proto", "repeated Room rooms = 1;", "repeated Room rooms = 1;\n  string next = 2;")
    assert buf(copy, *AGAINST_IMAGE).returncode == 0
    before = (copy / "proto" / "image.binpb").read_bytes()

    renew = [sys.executable, str(copy / "tools" / "generate.py"), "--renew-image"]
    assert subprocess.run(renew, capture_output=True, timeout=300).returncode == 0
    assert (copy / "proto" / "image.binpb").read_bytes() != before
