"""The page `/meet` of a server in development, and the tokens it gives."""

import json
import re
from collections.abc import Iterator

import pytest

from roomwright.app import offers_trial
from roomwright.auth.tokens import TokenVerifier
from roomwright.clock import SystemClock
from roomwright.config import Config
from tests.serving import KEY, SECRET, Running, running


@pytest.fixture(scope="module")
def trial() -> Iterator[Running]:
    config = Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}, development=True)
    with running(config) as server:
        yield server


def ask(server: Running, line: str, body: str = "", **headers: str) -> tuple[int, str, str]:
    """Status, head and body of the answer."""
    lines = [f"{line} HTTP/1.1", "Host: x", "Connection: close", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head, _, content = server.exchange(("\r\n".join(lines) + "\r\n\r\n" + body).encode()).partition(b"\r\n\r\n")
    return int(head.split()[1]), head.decode(), content.decode()


def test_the_page_is_one_file_that_loads_nothing_else(trial: Running) -> None:
    status, head, page = ask(trial, "GET /meet?room=dev")
    assert status == 200
    assert "Content-Type: text/html; charset=utf-8" in head
    assert "default-src 'none'" in head
    assert page.startswith("<!doctype html>")
    assert not re.search(r"<(script|img|iframe|audio|video)[^>]*\ssrc=|<link[^>]*href=\"(?!data:)|@import|url\(", page)


def test_it_gives_a_token_that_lets_a_name_into_a_room(trial: Running) -> None:
    status, _, body = ask(trial, "POST /meet/token", '{"room": "standup", "name": "Ada"}', Sec_Fetch_Site="same-origin")
    assert status == 200
    answer = json.loads(body)
    claims = TokenVerifier({KEY: SECRET}, SystemClock()).verify(answer["token"])
    assert claims.video is not None
    assert (claims.video.room_join, claims.video.room, claims.name) == (True, "standup", "Ada")
    assert (claims.video.room_admin, claims.video.room_create) == (False, False)
    assert claims.identity == answer["identity"]
    assert claims.identity.startswith("Ada-")


def test_two_of_one_name_have_two_identities(trial: Running) -> None:
    body = '{"room": "standup", "name": "Ada"}'
    first, second = (json.loads(ask(trial, "POST /meet/token", body)[2])["identity"] for _ in range(2))
    assert first != second


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_get_no_token(trial: Running, site: str) -> None:
    status, _, _ = ask(trial, "POST /meet/token", '{"room": "r", "name": "n"}', Sec_Fetch_Site=site)
    assert status == 403


@pytest.mark.parametrize(
    "body", ["", "{", "[]", '{"room": "r"}', '{"room": "", "name": "n"}', '{"room": 1, "name": "n"}']
)
def test_a_wrong_body_is_told(trial: Running, body: str) -> None:
    assert ask(trial, "POST /meet/token", body)[0] == 400


def test_a_large_body_is_not_read(trial: Running) -> None:
    assert ask(trial, "POST /meet/token", json.dumps({"room": "r", "name": "n" * 5000}))[0] == 400


def test_a_token_is_not_had_by_looking(trial: Running) -> None:
    assert ask(trial, "GET /meet/token?room=r&name=n")[0] == 404


def test_outside_development_there_is_neither() -> None:
    with running() as server:
        assert ask(server, "GET /meet")[0] == 404
        assert ask(server, "POST /meet/token", '{"room": "r", "name": "n"}')[0] == 404


@pytest.mark.parametrize("bound", [(), ("0.0.0.0",), ("127.0.0.1", "10.1.2.3"), ("example.org",)])
def test_a_server_that_others_can_reach_has_no_page_even_in_development(bound: tuple[str, ...]) -> None:
    assert not offers_trial(Config(bind_addresses=bound, keys={KEY: SECRET}, development=True))


def test_a_server_without_keys_has_no_page() -> None:
    assert not offers_trial(Config(bind_addresses=("127.0.0.1",), development=True))
    assert offers_trial(Config(bind_addresses=("localhost", "::1"), keys={KEY: SECRET}, development=True))
