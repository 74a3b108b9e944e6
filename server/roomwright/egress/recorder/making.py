"""Which pipeline a plan needs."""

from roomwright.egress.recorder import outputs
from roomwright.egress.recorder.pipeline import Pipeline
from roomwright_proto.roomwright.egress import v1


def make(plan: v1.Plan) -> Pipeline:
    """The pipeline of a plan, not begun. Raises OutputError. What is not needed is not loaded."""
    if any(output.websocket_url for output in plan.outputs):
        from roomwright.egress.recorder.raw import Raw

        return Raw(plan)
    if plan.encoding is None:
        from roomwright.egress.recorder.copying import Copying

        return Copying(plan, outputs.make(plan))
    from roomwright.egress.recorder import compose
    from roomwright.egress.recorder.composing import Composing

    made = outputs.make(plan)
    return Composing(compose.make(plan, made.still), made)
