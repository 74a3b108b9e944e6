"""What a client says about itself in the query of `/rtc`."""

from collections.abc import Mapping

from roomwright_proto import livekit as pb

_SDKS: Mapping[str, pb.ClientInfoSdk] = {
    **{sdk.name.lower().replace("_", ""): sdk for sdk in pb.ClientInfoSdk},
    "ios": pb.ClientInfoSdk.SWIFT,
}
_CAPABILITIES: Mapping[str, pb.ClientInfoCapability] = {
    capability.name: capability for capability in pb.ClientInfoCapability if capability
}


def from_query(query: Mapping[str, str]) -> pb.ClientInfo:
    """The parameters as a message; what cannot be understood counts as not said."""
    capabilities = query.get("capabilities", "").split(",")
    return pb.ClientInfo(
        sdk=_SDKS.get(query.get("sdk", "").lower().replace("_", ""), pb.ClientInfoSdk.UNKNOWN),
        version=query.get("version", ""),
        protocol=_number(query.get("protocol", "")),
        os=query.get("os", ""),
        os_version=query.get("os_version", ""),
        device_model=query.get("device_model", ""),
        browser=query.get("browser", ""),
        browser_version=query.get("browser_version", ""),
        network=query.get("network", ""),
        other_sdks=query.get("other_sdks", ""),
        client_protocol=_number(query.get("client_protocol", "")),
        capabilities=[_CAPABILITIES[name] for name in capabilities if name in _CAPABILITIES],
    )


def _number(text: str) -> int:
    """A number that a message can hold; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0
