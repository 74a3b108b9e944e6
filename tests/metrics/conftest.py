"""A server with metrics, and what one reads there."""

import asyncio
import contextlib
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from roomwright.config import Config, PrometheusSettings
from tests.serving import KEY, SECRET, Running, running

Scrape = dict[str, list[tuple[dict[str, str], float]]]


@contextlib.contextmanager
def serving(
    port: int = 0, *, username: str | None = None, password: str | None = None, **more: Any
) -> Iterator[Running]:
    """A server whose metrics are on that port; `more` are fields of its configuration."""
    prometheus = PrometheusSettings(port=port, username=username, password=password)
    address = {"port": 0, "bind_addresses": ("127.0.0.1",), "keys": {KEY: SECRET}}
    with running(Config(**address, prometheus=prometheus, **more)) as server:
        yield server


@pytest.fixture
def watched() -> Iterator[Running]:
    with serving() as server:
        yield server


def metrics_url(server: Running) -> str:
    metrics = server.server.monitoring.metrics
    assert metrics is not None
    return f"http://127.0.0.1:{metrics.server.port}/metrics"


def scrape(server: Running) -> Scrape:
    """Every sample by name, read as Prometheus reads it."""
    with urllib.request.urlopen(metrics_url(server), timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return read(answer.read().decode())


def read(text: str) -> Scrape:
    """Every sample of a text by name."""
    found: Scrape = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def value(samples: Scrape, name: str, **labels: str) -> float:
    """The one sample of that name with these labels among its own."""
    [number] = [number for own, number in samples[name] if labels.items() <= own.items()]
    return number


async def until(server: Running, name: str, wanted: float, **labels: str) -> Scrape:
    """What there is as soon as a sample has the wanted value."""
    deadline = time.monotonic() + 60
    while value(samples := scrape(server), name, **labels) != wanted:
        assert time.monotonic() < deadline, samples[name]
        await asyncio.sleep(0.05)
    return samples
