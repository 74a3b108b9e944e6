"""Readers for the keys of webhooks, and the one check that needs two sections."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any
from urllib.parse import urlsplit

from roomwright.config import readers
from roomwright.config.event_names import ALL_EVENTS, EventFilter
from roomwright.config.event_settings import WebhookSettings, WebhookUrl
from roomwright.config.readers import ConfigError, Reader

LONGEST_URL = 2_048
"""Characters."""


def wrong_url(url: str) -> str:
    """What keeps a text from being an address to post to, in words; empty if nothing does."""
    if len(url) > LONGEST_URL:
        return f"is longer than {LONGEST_URL} characters"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return f"must be an http:// or https:// URL, not {url[:80]!r}"
    if not usable or any(character.isspace() or not character.isprintable() for character in url):
        return f"must be an http:// or https:// URL, not {url[:80]!r}"
    if parts.username is not None or parts.password is not None:
        return "must not hold a user name or password: webhooks use the Authorization header for their signature"
    return ""


def webhook_urls(value: Any, path: str) -> tuple[WebhookUrl, ...]:
    """A list of URLs, or of mappings with a URL and what is different for it. None twice."""
    found = readers.many(_webhook_url)(value, path)
    for index, each in enumerate(found):
        if any(each.url == earlier.url for earlier in found[:index]):
            raise ConfigError(f"{path}[{index}]: the URL {each.url[:80]!r} is there twice")
    return found


def _webhook_url(value: Any, path: str) -> WebhookUrl:
    if isinstance(value, str):
        return WebhookUrl(url=_url(value, path))
    if not isinstance(value, Mapping):
        raise readers.refuse(path, value, "a URL, or a mapping with one as its url")
    given = _known(value, path, tuple(field.name for field in fields(WebhookUrl)))
    if given.get("url") is None:
        raise ConfigError(f"{path}.url is missing")
    return WebhookUrl(**_read(given, path, {"url": _url, "api_key": readers.text, "filter_params": event_filter}))


def _url(value: Any, path: str) -> str:
    url = readers.text(value, path)
    if reason := wrong_url(url):
        raise ConfigError(f"{path} {reason}")
    return url


def event_filter(value: Any, path: str) -> EventFilter:
    """`include_events` and `exclude_events`, each a list of names."""
    names = readers.many(_event_name)
    given = _known(value, path, ("include_events", "exclude_events"))
    return EventFilter(**_read(given, path, dict.fromkeys(given, names)))


def _event_name(value: Any, path: str) -> str:
    name = readers.text(value, path)
    if name not in ALL_EVENTS:
        close = difflib.get_close_matches(name[:80], sorted(ALL_EVENTS), n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        raise ConfigError(f"{path}: {name[:80]!r} is not the name of an event{hint}")
    return name


def _known(value: Any, path: str, names: tuple[str, ...]) -> Mapping[Any, Any]:
    given = readers.mapping(value, path)
    for key in given:
        if key not in names:
            raise ConfigError(f"{path}: {str(key)[:80]!r} is not one of {', '.join(names)}")
    return given


def _read(given: Mapping[Any, Any], path: str, table: Mapping[str, Callable[[Any, str], Any]]) -> dict[str, Any]:
    return {name: table[name](item, f"{path}.{name}") for name, item in given.items() if item is not None}


def check_signing_keys(webhook: WebhookSettings, keys: Mapping[str, str]) -> None:
    """Raise ConfigError where a webhook is to be signed with an API key that is not there."""
    named = [("webhook.api_key", webhook.api_key)]
    named += [(f"webhook.urls[{index}].api_key", each.api_key) for index, each in enumerate(webhook.urls)]
    for path, key in named:
        if key is not None and key not in keys:
            raise ConfigError(f"{path}: {key[:80]!r} is not one of the API keys in keys")


SUPPORTED: Mapping[str, Reader] = {
    "webhook.urls": webhook_urls,
    "webhook.api_key": readers.text,
    "webhook.filter_params": event_filter,
    "webhook.outbox_directory": readers.text,
    "webhook.timeout": readers.whole(1, 300),
    "webhook.max_age": readers.whole(1, 2**31),
    "webhook.parallel": readers.whole(1, 1_000),
    "webhook.max_waiting": readers.whole(1, 1_000_000_000),
    "events.kept": readers.whole(1, 1_000_000),
    "events.heartbeat": readers.whole(1, 3_600),
    "events.max_readers": readers.whole(1, 100_000),
}
"""Readers by path; `schema.py` takes them into its table."""
