"""Both sides of the comparison: the project's schema, and the one inside PyPI's livekit-protocol."""

import importlib
import shutil
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool

import roomwright_proto

WHEEL_MODULES = ("room", "models", "rtc", "agent", "agent_dispatch", "egress", "ingress", "sip", "metrics", "webhook")


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def schema_files() -> list[str]:
    """The files that declare messages."""
    return [f"livekit_{module}.proto" for module in WHEEL_MODULES]


@pytest.fixture(scope="session")
def ours() -> descriptor_pool.DescriptorPool:
    """The schema as it is shipped: the descriptor set beside the generated classes."""
    shipped = Path(roomwright_proto.__file__).with_name("schema.binpb").read_bytes()
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(shipped).file:
        pool.Add(file)
    return pool


@pytest.fixture(scope="session")
def theirs() -> descriptor_pool.DescriptorPool:
    """The default pool, which livekit-protocol's modules fill when they are imported."""
    for name in (*WHEEL_MODULES, "logger_pb.options"):
        importlib.import_module(f"livekit.protocol.{name}")
    return descriptor_pool.Default()


@pytest.fixture
def copy(repository: Path, tmp_path: Path) -> Path:
    """A second checkout of what generation reads and writes, free to be spoilt."""
    for folder in ("proto", "tools", "generated/roomwright_proto"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(repository / folder, tmp_path / folder, ignore=ignored)
    for name in ("buf.yaml", "buf.gen.yaml", "pyproject.toml"):
        shutil.copyfile(repository / name, tmp_path / name)
    return tmp_path
