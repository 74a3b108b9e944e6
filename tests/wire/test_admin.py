"""The page `/admin`: where it is served, and what its browser lets it do."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from roomwright.app import admin_link, offers_admin
from roomwright.auth.claims import Claims, VideoGrant
from roomwright.cli.serve import introduction
from roomwright.config import DEV_KEYS, Config, WebhookSettings, WebhookUrl
from roomwright.webhooks import FILE, Store, outbox_directory
from roomwright.webhooks.store import Batch
from roomwright.wire.admin import policy
from tests.serving import KEY, SECRET, Running, running, token
from tests.webhooks.letters import letter
from tests.wire.test_meet import ask


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}, admin=True)) as server:
        yield server


def test_the_page_is_one_file_that_loads_nothing_else(server: Running) -> None:
    status, head, page = ask(server, "GET /admin")
    assert status == 200
    assert "Content-Type: text/html; charset=utf-8" in head
    assert page.startswith("<!doctype html>")
    assert not re.search(
        r"<(script|img|iframe|audio|video)[^>]*\ssrc=|<link[^>]*href=\"(?!data:)|@import|\burl\(", page
    )


def test_its_policy_lets_only_its_own_script_run(server: Running) -> None:
    _, head, page = ask(server, "GET /admin")
    [script] = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in head
    assert "default-src 'none'" in head
    assert "unsafe" not in head
    assert "require-trusted-types-for 'script'" in head


def test_a_changed_script_has_another_policy() -> None:
    first, second = (policy(b"<style>a</style><script>%s</script>" % script) for script in (b"1", b"2"))
    assert first != second


def test_it_makes_no_markup_of_texts_and_has_no_inline_handlers(server: Running) -> None:
    page = ask(server, "GET /admin")[2]
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", page)
    assert not re.search(r"<[^>]+\s(on\w+|style)=", page.partition("<script>")[0])


def test_it_is_the_same_whoever_asks(server: Running) -> None:
    assert ask(server, "GET /admin?room=r")[2] == ask(server, "GET /admin")[2]
    assert ask(server, "HEAD /admin")[2] == ""
    assert ask(server, "POST /admin")[0] == 404


def test_it_is_there_in_development_or_where_it_is_configured() -> None:
    assert not offers_admin(Config())
    assert offers_admin(Config(development=True))
    assert offers_admin(Config(admin=True))
    assert not offers_admin(Config(development=True, admin=False))
    with running() as server:
        assert ask(server, "GET /admin")[0] == 404


def test_only_the_key_that_everybody_knows_signs_in_by_itself() -> None:
    assert admin_link(Config(keys=DEV_KEYS), "http://x") == "http://x/admin#dev"
    assert admin_link(Config(keys={KEY: SECRET}), "http://x") == "http://x/admin"


def test_what_the_outbox_holds_is_for_those_who_may_list_rooms(tmp_path: Path) -> None:
    webhook = WebhookSettings(urls=(WebhookUrl(url="http://127.0.0.1:9/hook"),), outbox_directory=str(tmp_path))
    config = Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}, admin=True, webhook=webhook)
    one_room = token(Claims(identity="x", video=VideoGrant(room_admin=True, room="r")))
    with running(config) as server:
        assert ask(server, "GET /admin/outbox")[::2] == (401, "roomList is required")
        assert ask(server, "GET /admin/outbox", Authorization=f"Bearer {one_room}")[0] == 401
        assert ask(server, "POST /admin/outbox", Authorization=f"Bearer {token()}")[0] == 404
        status, head, body = ask(server, "GET /admin/outbox", Authorization=f"Bearer {token()}")
        assert (status, "no-store" in head) == (200, True)
        held = json.loads(body)
        assert held["dead"] == []
        [url] = held["urls"]
        assert url == {"url": "http://127.0.0.1:9/hook", "pending": 0, "dead": 0, "oldest": 0, "last_error": ""}


def test_an_outbox_that_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    file = outbox_directory(None) / FILE
    file.parent.mkdir(parents=True)
    file.write_bytes(b"this is not a database, however long one looks at it")
    with running(Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}, admin=True)) as server:
        status, _, body = ask(server, "GET /admin/outbox", Authorization=f"Bearer {token()}")
        assert status == 503
        assert "cannot be read" in body


def test_what_was_given_up_waits_again_for_those_who_may_create_rooms(tmp_path: Path) -> None:
    webhook = WebhookSettings(urls=(WebhookUrl(url="http://127.0.0.1:9/hook?key=1"),), outbox_directory=str(tmp_path))
    config = Config(port=0, bind_addresses=("127.0.0.1",), keys={KEY: SECRET}, admin=True, webhook=webhook)
    store = Store(tmp_path / FILE)
    store.write(Batch(letters=[letter(7, url=webhook.urls[0].url)]))
    store.write(Batch(dead=[("410 Gone", 7, webhook.urls[0].url)]))
    store.close()
    may, lists = (
        {"Authorization": f"Bearer {token(Claims(video=video))}"}
        for video in (VideoGrant(room_create=True, room_list=True), VideoGrant(room_list=True))
    )
    with running(config) as server:
        [given_up] = json.loads(ask(server, "GET /admin/outbox", **may)[2])["dead"]
        assert (given_up["sequence"], given_up["url"], given_up["error"]) == (
            7,
            "http://127.0.0.1:9/hook?…",
            "410 Gone",
        )
        assert ask(server, "POST /admin/outbox/replay", **lists)[::2] == (401, "roomCreate is required")
        assert ask(server, "GET /admin/outbox/replay", **may)[0] == 404
        for wrong in ("x", "-1", "٣", "1" * 40):
            status, _, body = ask(server, f"POST /admin/outbox/replay?sequence={quote(wrong)}", **may)
            assert (status, "sequence must be a number" in body) == (400, True)
        assert json.loads(ask(server, "POST /admin/outbox/replay?sequence=8", **may)[2]) == {"replayed": 0}
        which = f"sequence=7&url={quote(given_up['url'])}"
        assert json.loads(ask(server, f"POST /admin/outbox/replay?{which}", **may)[2]) == {"replayed": 1}
        held = json.loads(ask(server, "GET /admin/outbox", **may)[2])
        assert (held["dead"], held["urls"][0]["pending"]) == ([], 1)


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (Config(keys=DEV_KEYS, development=True), "http://x/admin#dev"),
        (Config(keys={KEY: SECRET}, development=True), "http://x/admin\n"),
        (Config(keys=DEV_KEYS, development=True, admin=False), ""),
    ],
)
def test_a_server_in_development_says_where_the_page_is(config: Config, told: str) -> None:
    text = introduction(config, "http://x") + "\n"
    assert told in text if told else "admin" not in text
