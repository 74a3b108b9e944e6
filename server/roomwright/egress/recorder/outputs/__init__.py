"""What is written and sent: files, playlists of segments, images, streams. Units and pictures come in; storage keeps them.

WebSocket outputs carry raw sound and are not made here.
"""

from roomwright_proto.roomwright.egress import v1

from ..storage import open_store
from ..units import Output, OutputError
from .file import FileOutput
from .together import Together

__all__ = ["make"]


def make(plan: v1.Plan) -> Together:
    """The outputs of a plan. Raises OutputError where one cannot be."""
    return Together([_output(output) for output in plan.outputs if output.websocket_url is None])


def _output(output: v1.Output) -> Output:
    match output:
        case v1.Output(file=v1.File() as file):
            return FileOutput(file, open_store(output.storage))
        case _:
            raise OutputError(f"output {output.number} is of an unknown kind", 400)
