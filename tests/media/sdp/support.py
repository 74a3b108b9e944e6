"""Recorded descriptions, and the parameters that tests answer with."""

import json
from pathlib import Path

from roomwright.config.settings import DEFAULT_CODECS
from roomwright.media.sdp import Candidate, Codecs, DtlsParameters, IceParameters, TransportParameters

RECORDED = [json.loads(line) for line in (Path(__file__).parent / "data/recorded.jsonl").read_text().splitlines()]
"""One description per line: who made it (`from`), in which session, its `type`, its text (`sdp`)."""

CODECS = Codecs(DEFAULT_CODECS)

LOCAL = TransportParameters(
    IceParameters("ufragUFRAG", "pwdpwdpwdpwdpwdpwdpwdpwd"),
    DtlsParameters(":".join(["AB"] * 32), "passive"),
    (Candidate(foundation="1", priority=2130706431, address="127.0.0.1", port=50_000),),
)


def offers(session: str = "") -> list[dict[str, str]]:
    """The clients' offers, of all sessions or of one."""
    return [r for r in RECORDED if r["from"] == "client" and r["type"] == "offer" and session in r["session"]]
