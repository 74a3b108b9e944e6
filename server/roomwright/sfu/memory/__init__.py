"""The memory backend, for tests."""

from roomwright.sfu.memory.backend import MemoryBackend
from roomwright.sfu.memory.inbox import Inbox
from roomwright.sfu.memory.methods import RpcError, RpcInvocation
from roomwright.sfu.memory.scripted import PublishRefusedError, ScriptedParticipant

__all__ = ["Inbox", "MemoryBackend", "PublishRefusedError", "RpcError", "RpcInvocation", "ScriptedParticipant"]
