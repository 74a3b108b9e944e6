"""Session descriptions: text, values, and the rules of negotiation. Sans-IO, and free of heavy imports.

`Answerer` is for connections on which the client offers, `Offerer` for those on which we do.
"""

from roomwright.media.sdp.answerer import Answer, Answerer
from roomwright.media.sdp.codecs import Codecs
from roomwright.media.sdp.description import Extension, RtpCodec
from roomwright.media.sdp.errors import SdpError
from roomwright.media.sdp.offerer import Accepted, Offer, Offerer
from roomwright.media.sdp.parameters import Candidate, DtlsParameters, IceParameters, TransportParameters
from roomwright.media.sdp.reader import parse
from roomwright.media.sdp.tracks import Announced, Published, Requirement, Sent, Wanted

__all__ = [
    "Accepted",
    "Announced",
    "Answer",
    "Answerer",
    "Candidate",
    "Codecs",
    "DtlsParameters",
    "Extension",
    "IceParameters",
    "Offer",
    "Offerer",
    "Published",
    "Requirement",
    "RtpCodec",
    "SdpError",
    "Sent",
    "TransportParameters",
    "Wanted",
    "parse",
]
