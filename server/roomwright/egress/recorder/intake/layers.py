"""Which of a simulcast track's layers is recorded: the highest that is alive, changed at its key frames."""

from typing import Final

from roomwright.egress.recorder.intake.clock import SECOND

SILENT_NS: Final = SECOND
"""A layer without packets for so long is not alive."""
BEST_NS: Final = SECOND * 3 // 2
"""How long a recording waits at its beginning for the best layer: containers keep the size of the first picture."""
ASK_NS: Final = SECOND // 2
"""How often a key frame may be asked for."""


class Layers:
    """The choice for one track. `wanted` is a layer whose key frame shall be asked for."""

    def __init__(self) -> None:
        self.current = -1
        self._seen: dict[int, int] = {}
        self._first_ns = 0
        self._asked_ns = -ASK_NS

    def seen(self, layer: int, now_ns: int) -> None:
        """A packet of the layer came."""
        self._first_ns = self._first_ns or now_ns
        self._seen[layer] = now_ns

    def begins(self, layer: int, now_ns: int) -> bool:
        """A key frame begins in the layer: whether it is the current one now."""
        if self.current < 0 and now_ns - self._first_ns < BEST_NS and layer < max(self._alive(now_ns), default=0):
            return False
        if layer > self.current or self._is_silent(self.current, now_ns):
            self.current = layer
        return layer == self.current

    def wanted(self, now_ns: int, *, broken: bool) -> tuple[int, ...]:
        """The layers to ask for a key frame, if it is time to: the best alive, where it is not shown or `broken`.

        A broken layer is asked too while the best does not show itself.
        """
        alive = self._alive(now_ns)
        if not alive or now_ns - self._asked_ns < ASK_NS:
            return ()
        best = max(alive)
        if best == self.current and not broken:
            return ()
        self._asked_ns = now_ns
        return (best, self.current) if broken and self.current in alive and self.current != best else (best,)

    def _alive(self, now_ns: int) -> list[int]:
        return [layer for layer in self._seen if not self._is_silent(layer, now_ns)]

    def _is_silent(self, layer: int, now_ns: int) -> bool:
        return now_ns - self._seen.get(layer, -SILENT_NS) >= SILENT_NS
