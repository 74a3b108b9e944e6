"""Webhooks that a request brings along, judged before anything of the request is done."""

from collections.abc import Collection, Sequence

from roomwright.config.event_names import ALL_EVENTS
from roomwright.config.event_readers import wrong_url
from roomwright.errors import invalid_argument
from roomwright_proto import livekit as pb

MOST = 10
"""Webhooks of one request."""


def check_webhooks(webhooks: Sequence[pb.WebhookConfig], keys: Collection[str]) -> None:
    """Raise an `invalid_argument` error that names the field, unless every webhook can be sent and signed.

    `keys` are the configured API keys; a `signing_key` must be one of them.
    """
    if len(webhooks) > MOST:
        raise invalid_argument(f"webhooks: at most {MOST} are allowed, not {len(webhooks)}", "webhooks")
    for index, webhook in enumerate(webhooks):
        _check(webhook, f"webhooks[{index}]", keys)


def _check(webhook: pb.WebhookConfig, path: str, keys: Collection[str]) -> None:
    if reason := wrong_url(webhook.url):
        raise invalid_argument(f"{path}.url {reason}", f"{path}.url")
    if webhook.signing_key not in keys:
        raise invalid_argument(
            f"{path}.signing_key {webhook.signing_key[:64]!r} is not an API key of this server", f"{path}.signing_key"
        )
    chosen = webhook.filter_params or pb.FilterParams()
    for field, names in (("include_events", chosen.include_events), ("exclude_events", chosen.exclude_events)):
        for name in names:
            if name not in ALL_EVENTS:
                where = f"{path}.filter_params.{field}"
                raise invalid_argument(f"{where}: {name[:64]!r} is not the name of an event", where)
