"""What cannot be is refused at start, by the key that is wrong."""

from pathlib import Path

import pytest
import yaml

from roomwright.app import Server
from roomwright.config import Config, ConfigError, Flags, WebhookSettings, WebhookUrl, load
from roomwright.config.event_names import EventFilter
from tests.serving import KEY, SECRET
from tests.webhooks.conftest import Hosting


def read(webhook: object) -> WebhookSettings:
    return load(Flags(config_body=yaml.safe_dump({"keys": {KEY: SECRET}, "webhook": webhook}))).config.webhook


@pytest.mark.parametrize(
    ("webhook", "says"),
    [
        ({"urls": "http://a"}, "webhook.urls must be a list"),
        ({"urls": [3]}, r"webhook.urls\[0\] must be a URL, or a mapping with one as its url, not 3"),
        ({"urls": ["ftp://a"]}, r"webhook.urls\[0\] must be an http"),
        ({"urls": ["http://a", "a"]}, r"webhook.urls\[1\] must be an http"),
        ({"urls": ["http://u:p@a"]}, r"webhook.urls\[0\] must not hold a user name or password"),
        ({"urls": ["http://a b"]}, r"webhook.urls\[0\] must be an http"),
        ({"urls": ["http://a", "http://a"]}, r"webhook.urls\[1\]: the URL 'http://a' is there twice"),
        ({"urls": [{"api_key": KEY}]}, r"webhook.urls\[0\].url is missing"),
        ({"urls": [{"url": "http://a", "filter": 1}]}, r"webhook.urls\[0\]: 'filter' is not one of url, api_key"),
        ({"urls": [{"url": "http://a", "api_key": "b"}]}, r"webhook.urls\[0\].api_key: 'b' is not one of the API keys"),
        ({"api_key": "nobody"}, "webhook.api_key: 'nobody' is not one of the API keys"),
        ({"filter_params": ["x"]}, "webhook.filter_params must be a mapping"),
        ({"filter_params": {"include": []}}, "webhook.filter_params: 'include' is not one of include_events"),
        (
            {"filter_params": {"include_events": ["room_startet"]}},
            r"webhook.filter_params.include_events\[0\]: 'room_startet' is not .* .did you mean room_started",
        ),
        (
            {"urls": [{"url": "http://a", "filter_params": {"exclude_events": ["x"]}}]},
            r"webhook.urls\[0\].filter_params.exclude_events\[0\]: 'x' is not the name of an event",
        ),
        ({"timeout": 0}, "webhook.timeout must be a whole number from 1"),
        ({"max_age": "1d"}, "webhook.max_age must be a whole number"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_name(webhook: object, says: str):
    with pytest.raises(ConfigError, match=says):
        read(webhook)


def test_urls_may_be_texts_or_have_settings_of_their_own():
    started = {"include_events": ["room_started"]}
    webhook = read({"urls": ["http://a", {"url": "http://b", "filter_params": started, "api_key": KEY}]})
    only = EventFilter(include_events=("room_started",))
    assert webhook.urls == (WebhookUrl(url="http://a"), WebhookUrl(url="http://b", api_key=KEY, filter_params=only))


async def test_an_outbox_that_cannot_be_made_is_an_error_that_names_the_path(tmp_path: Path):
    (tmp_path / "file").touch()
    webhook = WebhookSettings(urls=(WebhookUrl(url="http://a"),), outbox_directory=str(tmp_path / "file" / "x"))
    server = Server(Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}, webhook=webhook))
    with pytest.raises(ConfigError, match=rf"webhook.outbox_directory: .*{tmp_path}/file/x.* cannot be made"):
        await server.start()


async def test_a_second_server_with_the_same_outbox_does_not_start(hosting: Hosting):
    async with hosting("http://127.0.0.1:9"):
        with pytest.raises(ConfigError, match=r"webhook\.outbox_directory: .* is in use by another server"):
            async with hosting("http://127.0.0.1:9"):
                pass


async def test_without_webhooks_there_is_no_outbox_and_nobody_listens(hosting: Hosting, tmp_path: Path):
    async with hosting(outbox_directory=None) as host:
        await host.create("standup")
        assert "0 listeners" in repr(host.server.feed)
        assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 - quick
