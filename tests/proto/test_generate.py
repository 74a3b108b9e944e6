"""tools/generate.py: what is committed is what the schema gives, and a difference does not go unseen."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

PACKAGE = Path("generated/roomwright_proto")


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "tools" / "generate.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_generated_code_is_what_the_schema_gives(repository: Path):
    done = run(repository, "--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_each_kind_of_drift_is_named_and_then_mended(repository: Path, copy: Path):
    edited = copy / PACKAGE / "livekit" / "__init__.py"
    edited.write_text(edited.read_text() + "\nEDITED = True\n")
    (copy / PACKAGE / "schema.binpb").unlink()
    (copy / PACKAGE / "stray.py").touch()

    done = run(copy, "--check")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        f"differs from what proto/ gives: {PACKAGE / name}"
        for name in ("livekit/__init__.py", "schema.binpb", "stray.py")
    ]

    assert run(copy).returncode == 0
    assert not (copy / PACKAGE / "stray.py").exists()
    for name in ("livekit/__init__.py", "schema.binpb"):
        assert (copy / PACKAGE / name).read_bytes() == (repository / PACKAGE / name).read_bytes()


def test_a_schema_that_does_not_compile_leaves_the_package_alone(copy: Path):
    before = (copy / PACKAGE / "livekit" / "__init__.py").read_bytes()
    broken = copy / "proto" / "livekit" / "livekit_room.proto"
    broken.write_text(broken.read_text() + "message Broken { NoSuchType field = 1; }\n")

    done = run(copy)
    assert done.returncode == 1
    assert "NoSuchType" in done.stderr
    assert (copy / PACKAGE / "livekit" / "__init__.py").read_bytes() == before


def test_the_wheel_ships_the_descriptor_set(repository: Path, tmp_path: Path):
    pytest.importorskip("hatchling", reason="builds the wheel without a network")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=repository,
        check=True,
        capture_output=True,
        timeout=300,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with ZipFile(wheel) as archive:
        shipped = archive.read("roomwright_proto/schema.binpb")
    assert shipped == (repository / PACKAGE / "schema.binpb").read_bytes()


def test_comments_become_docstrings_whatever_is_in_them(copy: Path):
    comment = [
        r"C:\new and the pattern \d+\'",
        '''"""thrice""" and \'\'\'thrice\'\'\', `{braces}` %s''',
        'ends with "',
        "\\",
    ]
    room = copy / "proto" / "livekit" / "livekit_room.proto"
    text = "".join(f"// {line}\n" for line in comment)
    room.write_text(f"{room.read_text()}\n{text}message Quoted {{\n{text}  string field = 1;\n}}\n")

    done = run(copy)
    assert (done.returncode, done.stderr) == (0, "")
    module = ast.parse((copy / PACKAGE / "livekit" / "__init__.py").read_text())
    (quoted,) = (node for node in module.body if isinstance(node, ast.ClassDef) and node.name == "Quoted")
    of_field = next(node.value.value for node in quoted.body[2:] if isinstance(node, ast.Expr))
    assert ast.get_docstring(quoted).splitlines() == inspect.cleandoc(of_field).splitlines() == comment
