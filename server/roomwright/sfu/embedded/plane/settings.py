"""From the configuration to what transport and forwarding are set to. Loads the media libraries."""

from roomwright.config import RtcSettings
from roomwright.media.forward.settings import ForwardSettings
from roomwright.media.transport import TransportSettings


def transport_settings(rtc: RtcSettings, host: str, port: int, advertised: tuple[str, ...]) -> TransportSettings:
    """How the sockets and the transports on them are set up."""
    return TransportSettings(
        host=host,
        port=port,
        advertised=advertised,
        connect_timeout_s=rtc.connect_timeout,
        disconnect_after_s=rtc.disconnect_timeout,
        fail_after_s=rtc.failed_timeout,
        max_datagrams_per_second=rtc.max_packets_per_second,
        socket_buffer_bytes=rtc.udp_buffer_size,
        reliable_buffer_bytes=rtc.reliable_buffer_size,
        lossy_buffer_bytes=rtc.lossy_buffer_size,
        max_channels=rtc.max_data_channels,
    )


def forward_settings(rtc: RtcSettings) -> ForwardSettings:
    """Limits and intervals of forwarding."""
    throttle = rtc.pli_throttle
    return ForwardSettings(
        key_frame_intervals=(throttle.low_quality, throttle.mid_quality, throttle.high_quality),
        kept_video=_power_of_two(rtc.packet_buffer_size_video),
        kept_audio=_power_of_two(rtc.packet_buffer_size_audio),
        max_streams=rtc.max_streams,
        first_bitrate=rtc.start_bitrate,
        highest_bitrate=rtc.max_bitrate,
    )


def _power_of_two(number: int) -> int:
    return 1 << (number - 1).bit_length()
