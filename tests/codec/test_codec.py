"""The codec as a whole: cheap to import, made for any schema, with readable generated code."""

import inspect
import subprocess
import sys

from roomwright import codec
from roomwright.codec import CodecError
from roomwright_proto import livekit as pb


def test_importing_the_codec_loads_neither_the_messages_nor_betterproto():
    program = "import sys, roomwright.codec; print('betterproto2' in sys.modules, 'roomwright_proto' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_the_source_of_generated_functions_can_be_seen():
    codec.encode(pb.TimedVersion())
    own = codec.Codec(codec._load)
    own.encode(pb.TimedVersion(ticks=1))
    assert "def encode_livekit_TimedVersion(message):" in inspect.getsource(own._encode[pb.TimedVersion])


def test_codecs_of_one_schema_do_not_get_in_each_others_way():
    own = codec.Codec(codec._load)
    assert own.encode(pb.Room(sid="x")) == codec.encode(pb.Room(sid="x"))


def test_an_error_names_the_path():
    error = CodecError("is wrong").inside("[2]").inside("agents").inside("room")
    assert (str(error), error.path, error.reason) == ("room.agents[2]: is wrong", "room.agents[2]", "is wrong")
    assert isinstance(error, ValueError)
    assert str(CodecError("is wrong")) == "is wrong"
