"""Replays the recordings against a running server: `python -m tests.conformance.replay --url … --key … --secret …`.

It deletes rooms there. Without `--profile` the recordings of the `default` profile are taken. `--clients` replays the
cases with participants that have media, too: in a network where libwebrtc can reach the server. The exit code is 1 when
anything differs from the recordings and from the rules of `deviations.py`.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from tests.conformance.cases import RECORDINGS, Case, load, waiting_for
from tests.conformance.clients.start import start
from tests.conformance.replayer import Outcome, Target, replay
from tests.conformance.report import explain, summary
from tests.conformance.tokens import Credentials


def main(arguments: Sequence[str] | None = None) -> int:
    """Replay what the command line asks for, print what differs and the counts."""
    options = _options(arguments)
    url = urlsplit(options.url)
    if url.scheme != "http" or not url.hostname:
        raise SystemExit(f"--url must be an http:// address, not {options.url}")
    keys = {name: getattr(options, name) for name in ("key", "secret", "alt_key", "alt_secret")}
    target = Target(host=url.hostname, port=url.port or 80, credentials=Credentials(**keys))
    recordings = sorted(options.recordings.glob("*.jsonl"))
    cases = [
        case
        for case in load(recordings)
        if case.profile == options.profile
        and case.group.startswith(options.group)
        and (options.clients or not case.has_clients)
    ]
    waiting = [case for case in cases if waiting_for(case)]
    ready = [case for case in cases if not waiting_for(case)]
    outcomes = asyncio.run(_replay(ready, target, with_clients=options.clients))
    print(*summary(outcomes, waiting), sep="\n")
    return int(any(outcome.mismatches for outcome in outcomes))


async def _replay(cases: Iterable[Case], target: Target, *, with_clients: bool) -> list[Outcome]:
    outcomes: list[Outcome] = []
    clients = await start() if with_clients else None
    for case in cases:
        outcomes.append(outcome := await replay(case, replace(target, clients=clients)))
        if outcome.mismatches:
            print(explain(outcome), end="\n\n")
    if clients is not None:
        await clients.stop()
    return outcomes


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    defaults = Credentials()
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.replay", description=__doc__)
    parser.add_argument("--url", required=True, help="of the server under test, such as http://127.0.0.1:7880")
    parser.add_argument("--key", default=defaults.key)
    parser.add_argument("--secret", default=defaults.secret)
    parser.add_argument("--alt-key", default=defaults.alt_key, help="a second API key; some tokens are made with it")
    parser.add_argument("--alt-secret", default=defaults.alt_secret)
    parser.add_argument("--profile", default="default", help="how the server is configured: see profiles/")
    parser.add_argument("--group", default="", help="only groups whose names start so")
    parser.add_argument("--clients", action="store_true", help="also the cases with participants that have media")
    parser.add_argument("--recordings", type=Path, default=RECORDINGS, help="a folder with other recordings")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
