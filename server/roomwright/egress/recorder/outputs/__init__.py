"""What is written and sent: files, segments with playlists, images, streams. Units and pictures come in.

Storage keeps what is written. WebSocket outputs carry raw sound and are not made here.
"""

from posixpath import dirname

from roomwright_proto.roomwright.egress import v1

from ..storage import Store, open_store
from ..units import OutputError
from .file import FileOutput
from .images import ImagesOutput
from .segments import SegmentsOutput
from .streams import StreamsOutput
from .together import AnyOutput, Together

__all__ = ["make"]


def make(plan: v1.Plan) -> Together:
    """The outputs of a plan. Raises OutputError where one cannot be."""
    stores: dict[bytes, Store] = {}
    manifests: dict[tuple[bytes, str], tuple[Store, str]] = {}
    outputs: list[AnyOutput] = []
    for output in plan.outputs:
        if output.websocket_url is not None:
            continue
        if output.stream is not None:
            outputs.append(StreamsOutput(output.stream))
            continue
        key = bytes(output.storage or v1.Storage())
        store = stores[key] if key in stores else stores.setdefault(key, open_store(output.storage))
        outputs.append(_stored(output, store))
        folder = _manifest_folder(output)
        if folder is not None:
            manifests[key, folder] = store, folder
    return Together(plan, outputs, list(manifests.values()))


def _stored(output: v1.Output, store: Store) -> AnyOutput:
    match output:
        case v1.Output(file=v1.File() as file):
            return FileOutput(file, store)
        case v1.Output(segments=v1.Segments() as segments):
            return SegmentsOutput(segments, store)
        case v1.Output(images=v1.Images() as images):
            return ImagesOutput(images, store)
        case _:
            raise OutputError(f"output {output.number} is of an unknown kind", 400)


def _manifest_folder(output: v1.Output) -> str | None:
    match output:
        case v1.Output(file=v1.File(manifest=True) as file):
            return dirname(file.path)
        case v1.Output(segments=v1.Segments(manifest=True) as segments):
            return dirname(segments.playlist)
        case v1.Output(images=v1.Images(manifest=True) as images):
            return dirname(images.prefix)
        case _:
            return None
