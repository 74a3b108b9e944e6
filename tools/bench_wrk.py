"""Load from wrk (https://github.com/wg/wrk): prepared POST requests in turn, over kept connections, for some seconds.

The requests go to wrk's Lua script in a text file, bytes as hexadecimal digits. A counter may stand inside a body, so
that every request differs: where a body holds COUNTER, the script writes the next number in as many digits.
"""

import json
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchlib import LOAD_CORE, CannotMeasureError, pinned

CONNECTIONS = 16

COUNTER = "770077007700"
"""Twelve digits that stand for the counter; also as bytes, because a protobuf string is its UTF-8."""

SCRIPT = """
local requests, number = {}, 0

local function bytes(digits)
  return (digits:gsub("..", function(pair) return string.char(tonumber(pair, 16)) end))
end

function init(args)
  local at = 0
  for line in io.lines(args[1]) do
    local fields = {}
    for field in line:gmatch("[^\\t]+") do fields[#fields + 1] = field end
    local headers = { ["Content-Type"] = fields[2], ["Authorization"] = fields[3] }
    local pieces = {}
    for i = 4, #fields do pieces[#pieces + 1] = bytes(fields[i]:sub(2)) end
    local whole = #pieces == 1 and wrk.format("POST", fields[1], headers, pieces[1])
    requests[#requests + 1] = { path = fields[1], headers = headers, pieces = pieces, whole = whole }
  end
  local function text(one)
    if one.whole then return one.whole end
    local body = table.concat(one.pieces, string.format("%012d", number))
    return wrk.format("POST", one.path, one.headers, body)
  end
  request = function()  -- wrk asks for a first request that it only looks at
    request = function()
      number = number + 1
      at = at % #requests + 1
      return text(requests[at])
    end
    return text(requests[1])
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d, "refused": %d, "broken": %d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Request:
    """A POST. `body` may hold COUNTER."""

    path: str
    media: str
    token: str
    body: bytes

    def numbered(self, number: int) -> bytes:
        """The body as it is sent with that number."""
        return self.body.replace(COUNTER.encode(), f"{number:012d}".encode())

    @property
    def line(self) -> str:
        """The request as the script reads it; every piece has a mark in front, so that an empty one is a field too."""
        pieces = [f"x{piece.hex()}" for piece in self.body.split(COUNTER.encode())]
        return "\t".join([self.path, self.media, f"Bearer {self.token}", *pieces])


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw. `broken` are connections that failed or timed out, `refused` answers that were not 2xx or 3xx."""

    requests: int
    duration_us: int
    p50_us: int
    p99_us: int
    refused: int
    broken: int

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return self.requests / (self.duration_us / 1e6)


def load_of(output: str) -> Load:
    """What the script said at the end of wrk's output; raises CannotMeasureError when it did not."""
    lines = [line for line in output.splitlines() if line.startswith('{"requests"')]
    if not lines:
        raise CannotMeasureError(f"wrk did not say what it measured:\n{output}")
    return Load(**json.loads(lines[-1]))


def checked(load: Load) -> Load:
    """`load`, or CannotMeasureError when an answer was not 2xx or none came: such figures mean nothing."""
    if load.refused or load.broken:
        raise CannotMeasureError(f"{load.refused} answers were not 2xx and {load.broken} requests failed")
    if not load.requests:
        raise CannotMeasureError("not a single request was answered")
    return load


def run(port: int, requests: Sequence[Request], *, seconds: int) -> Load:
    """Send the requests in turn, again from the first after the last, on CONNECTIONS connections."""
    with tempfile.TemporaryDirectory(prefix="roomwright-bench-") as folder:
        script, data = Path(folder, "script.lua"), Path(folder, "requests.txt")
        script.write_text(SCRIPT)
        _write(data, requests)
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "-s", script]
        target = f"http://127.0.0.1:{port}"
        done = subprocess.run(pinned(LOAD_CORE, [*command, target, "--", data]), capture_output=True, text=True)
    if done.returncode:
        raise CannotMeasureError(f"wrk failed:\n{done.stdout}{done.stderr}")
    return checked(load_of(done.stdout))


def _write(path: Path, requests: Iterable[Request]) -> None:
    path.write_text("".join(request.line + "\n" for request in requests), encoding="ascii")
