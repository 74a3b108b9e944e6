"""What a media plane has carried, from its own counters."""

from collections.abc import Iterator

from roomwright.metrics.figures import Figure, Sample
from roomwright.sfu.embedded.media import Traffic


def figures_of(traffic: Traffic) -> Iterator[Figure]:
    """All of it."""
    packets = _ways(traffic.packets_received, traffic.repairs_received, traffic.packets_sent, traffic.repeated)
    yield Figure("counter", "livekit_packet_total", "RTP and RTCP packets.", packets)
    octets = _ways(traffic.bytes_received, traffic.repairs_bytes_received, traffic.bytes_sent, traffic.repeated_bytes)
    yield Figure("unknown", "livekit_packet_bytes", "Bytes of RTP and RTCP, as UDP carries them.", octets)
    for name, purpose, received, sent in (
        ("livekit_nack_total", "Requests for packets again.", traffic.nacks_received, traffic.nacks_sent),
        ("livekit_pli_total", "Picture loss indications.", traffic.plis_received, traffic.plis_sent),
        ("livekit_fir_total", "Full intra requests.", traffic.firs_received, traffic.firs_sent),
    ):
        counts = [({"direction": "incoming"}, received), ({"direction": "outgoing"}, sent)]
        yield Figure("counter", name, purpose, counts)
    yield Figure("gauge", "roomwright_transports", "Media connections now.", [({}, traffic.transports)])
    for name, purpose, count in (
        ("roomwright_datagrams_dropped_total", "Not taken by the kernel.", traffic.dropped),
        ("roomwright_datagrams_strange_total", "Nobody known sent them.", traffic.strangers),
        ("roomwright_messages_lost_total", "Data channels were full.", traffic.lost_messages),
    ):
        yield Figure("counter", name, purpose, [({}, count)])


def _ways(received: int, repairs: int, sent: int, repeated: int) -> list[Sample]:
    """What came and what went; repetitions apart, as far as they can be told."""
    return [
        ({"direction": direction, "transmission": transmission}, count)
        for direction, transmission, count in (
            ("incoming", "initial", max(0, received - repairs)),
            ("incoming", "retransmit", repairs),
            ("outgoing", "initial", max(0, sent - repeated)),
            ("outgoing", "retransmit", repeated),
        )
    ]
