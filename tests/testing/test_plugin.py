"""The plugin in somebody else's runs of pytest: fixtures, marker, report, xdist; and nothing for who does not ask."""

import livekit.api  # noqa: F401 - as the next one
import pytest

import roomwright.testing.server  # noqa: F401 - loaded once for all the runs in this process

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestAssertRewriteWarning")


@pytest.fixture(autouse=True)
def _settings(pytester: pytest.Pytester):
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")


@pytest.fixture
def run(pytester: pytest.Pytester):
    """Run pytest on a file of tests."""

    def run(tests: str, *arguments: str, **files: str) -> pytest.RunResult:
        pytester.makepyfile(test_somebodys=tests, **files)
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", *arguments)

    return run


def test_the_first_steps_need_no_setting_up(run):
    result = run(
        """
        import asyncio
        from livekit import api

        async def program():
            async with api.LiveKitAPI() as client:
                await client.room.create_room(api.CreateRoomRequest(name="standup"))

        def test_sync(livekit_server, livekit_participant):
            asyncio.run(program())
            alice, bob = livekit_participant("alice", "standup"), livekit_participant("bob", "standup")
            alice.say("hello")
            assert bob.receive().text == "hello"

        def test_the_next_one_finds_nothing(livekit_server, livekit_api):
            assert livekit_server.run(livekit_api.room.list_rooms(api.ListRoomsRequest())).rooms == []
        """
    )
    result.assert_outcomes(passed=2)


def test_asynchronous_tests_work_with_pytest_asyncio_and_with_anyio(run):
    tests = """
        import pytest
        from livekit import api

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        {mark}
        async def test_async(livekit_api, livekit_participant, webhook_inbox, livekit_clock):
            alice = await livekit_participant.aio("alice", "standup")
            assert len((await livekit_api.room.list_rooms(api.ListRoomsRequest())).rooms) == 1
            await alice.leave.aio()
            await livekit_clock.advance.aio(21)
            await webhook_inbox.wait_for.aio("room_finished")
    """
    run(tests.format(mark="@pytest.mark.asyncio")).assert_outcomes(passed=1)
    run(tests.format(mark="@pytest.mark.anyio")).assert_outcomes(passed=1)


def test_the_environment_is_as_it_was_after_each_test(run, monkeypatch):
    monkeypatch.setenv("LIVEKIT_URL", "wss://production.example")
    monkeypatch.setenv("LIVEKIT_TOKEN", "of production")
    result = run(
        """
        import os

        def test_with(livekit_server):
            assert os.environ["LIVEKIT_URL"] == livekit_server.url
            assert os.environ["LIVEKIT_API_KEY"] == livekit_server.api_key
            assert os.environ["LIVEKIT_API_SECRET"] == livekit_server.api_secret
            assert "LIVEKIT_TOKEN" not in os.environ

        def test_without():
            assert os.environ["LIVEKIT_URL"] == "wss://production.example"
            assert os.environ["LIVEKIT_TOKEN"] == "of production"
        """
    )
    result.assert_outcomes(passed=2)


class TestConfiguration:
    def test_one_server_serves_the_session_and_a_marker_asks_for_another(self, run):
        result = run(
            """
            import pytest
            seen = []

            def test_one(livekit_server): seen.append(livekit_server.url)
            def test_two(livekit_server): seen.append(livekit_server.url)

            @pytest.mark.livekit(config={"room": {"departure_timeout": 7}})
            def test_three(livekit_server, livekit_participant):
                seen.append(livekit_server.url)
                livekit_participant("alice", "standup")
                assert "standup" in livekit_server.report()

            @pytest.mark.livekit(backend="embedded")
            def test_four(livekit_server):
                assert livekit_server.backend == "embedded"
                assert len({*seen, livekit_server.url}) == 3
                assert seen[0] == seen[1]
            """
        )
        result.assert_outcomes(passed=4)

    def test_a_conftest_says_it_for_all_and_markers_add_to_it(self, run):
        result = run(
            """
            import pytest
            from livekit import api

            def create(server):
                return server.run(server.api.room.create_room(api.CreateRoomRequest(name="standup")))

            pytestmark = pytest.mark.livekit(config={"room": {"empty_timeout": 2}})

            def test_module(livekit_server):
                assert (create(livekit_server).empty_timeout, create(livekit_server).max_participants) == (2, 5)

            @pytest.mark.livekit(config={"room": {"empty_timeout": 3}})
            def test_function(livekit_server):
                assert (create(livekit_server).empty_timeout, create(livekit_server).max_participants) == (3, 5)
            """,
            conftest="""
            import pytest

            @pytest.fixture(scope="session")
            def livekit_config():
                return {"room": {"empty_timeout": 1, "max_participants": 5}}
            """,
        )
        result.assert_outcomes(passed=2)

    def test_any_number_of_configurations_keeps_few_servers(self, run):
        result = run(
            """
            import threading
            import pytest

            def servers():
                return sum(thread.name == "roomwright" for thread in threading.enumerate())

            before = servers()

            @pytest.mark.parametrize("number", range(1, 9))
            def test_many(number, request):
                request.applymarker(pytest.mark.livekit(config={"room": {"empty_timeout": number}}))
                request.getfixturevalue("livekit_server")
                assert servers() - before <= 4
            """
        )
        result.assert_outcomes(passed=8)

    def test_a_wrong_marker_is_named(self, run):
        result = run(
            """
            import pytest

            @pytest.mark.livekit("embedded")
            def test_positional(livekit_server): pass

            @pytest.mark.livekit(bakend="embedded")
            def test_misspelt(livekit_server): pass

            @pytest.mark.livekit(config={"room": {"empty_timeout": "soon"}})
            def test_value(livekit_server): pass
            """
        )
        result.assert_outcomes(errors=3)
        result.stdout.fnmatch_lines(["*not 'embedded'*", "*not bakend*", "*room.empty_timeout*"])

    def test_the_marker_is_known_where_markers_must_be(self, run):
        result = run(
            """
            import pytest

            @pytest.mark.livekit
            def test_marked(livekit_server): pass
            """,
            "--strict-markers",
        )
        result.assert_outcomes(passed=1)


class TestReport:
    TESTS = """
        import pytest
        from livekit import api

        @pytest.fixture
        def broken(livekit_participant):
            livekit_participant("carol", "setup")
            raise RuntimeError

        def test_fails(livekit_server, livekit_participant, livekit_faults, livekit_api, webhook_inbox):
            alice = livekit_participant("alice", "standup", metadata="of the host")
            livekit_participant("bob", "standup")
            alice.mute(alice.publish("mic").sid)
            livekit_faults.refuse("DeleteRoom", "aborted", times=2)
            with pytest.raises(api.TwirpError):
                livekit_server.run(livekit_api.room.delete_room(api.DeleteRoomRequest(room="standup")))
            webhook_inbox.wait_for("track_published")
            assert False

        def test_setup_fails(broken): pass
        def test_passes(livekit_server): pass
        def test_knows_nothing_of_it(): assert False
        """
    LINES = (
        "*LiveKit server*",
        "<Server http://127.0.0.1:*: listening>",
        "rooms:",
        "  standup (RM_*): 2 participants",
        "    alice (PA_*): ACTIVE, metadata 'of the host'",
        "      MICROPHONE 'mic' (TR_*): 1 subscribers, muted",
        "    bob (PA_*): ACTIVE",
        "what goes wrong:",
        "  RoomService.DeleteRoom is refused: aborted, 1 more times",
        "last events:",
        "  ??:??:?? RoomStarted standup",
        "  ??:??:?? TrackPublished standup alice 'mic' (TR_*)",
        "webhooks:",
        "  track_published standup alice",
        "last calls:",
        '  RoomService.DeleteRoom: 409 *"aborted"* (* ms)',
    )

    def test_a_failed_test_shows_what_the_server_looked_like(self, run):
        result = run(self.TESTS)
        result.assert_outcomes(passed=1, failed=2, errors=1)
        result.stdout.fnmatch_lines(self.LINES)
        result.stdout.fnmatch_lines(["*ERROR at setup of test_setup_fails*", "  setup (RM_*): 1 participants"])
        assert result.stdout.str().count("- LiveKit server -") == 2

    def test_workers_of_xdist_have_a_server_each_and_report_it(self, run):
        alone = """
            import pytest
            from livekit import api

            @pytest.mark.parametrize("number", range(20))
            def test_alone(number, livekit_participant, livekit_server, livekit_api):
                livekit_participant("alice", "standup")
                listed = livekit_server.run(livekit_api.room.list_rooms(api.ListRoomsRequest())).rooms
                assert [(room.name, room.num_participants) for room in listed] == [("standup", 1)]
            """
        result = run(self.TESTS, "-n", "2", test_alone=alone)
        result.assert_outcomes(passed=21, failed=2, errors=1)
        result.stdout.fnmatch_lines(self.LINES)

    def test_a_server_that_does_not_answer_does_not_hide_the_failure(self, run):
        result = run(
            """
            import threading
            import pytest
            import roomwright.testing.server as server

            @pytest.fixture
            def hanging(livekit_server):
                hangs, over = threading.Event(), threading.Event()

                async def hang():
                    hangs.set()
                    over.wait(60)

                threading.Thread(target=livekit_server.run, args=[hang()]).start()
                hangs.wait(60)
                yield
                over.set()

            def test_fails(hanging, monkeypatch):
                monkeypatch.setattr(server, "REPORT_WITHIN_S", 0.05)
                assert "this is the reason" == ""
            """
        )
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["*this is the reason*", "*the server cannot say how it is: TimeoutError*"])


def test_whoever_asks_for_nothing_gets_nothing(pytester: pytest.Pytester, monkeypatch):
    pytester.makepyfile(
        """
        import asyncio, logging, sys

        policy, handlers = asyncio.get_event_loop_policy(), list(logging.getLogger().handlers)

        def test_nothing_is_loaded():
            assert "roomwright.testing.plugin" in sys.modules
            assert not {"roomwright.app", "aiohttp", "structlog", "livekit"} & set(sys.modules)

        def test_nothing_is_set():
            assert type(policy).__module__.startswith("asyncio")
            assert all(type(handler).__module__.startswith("_pytest") for handler in handlers)
        """
    )
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.runpytest_subprocess("-p", "roomwright.testing.plugin").assert_outcomes(passed=2)


def test_it_works_where_warnings_are_errors(pytester: pytest.Pytester):
    pytester.makepyfile(
        """
        import asyncio
        import pytest
        from livekit import api

        async def program():
            async with api.LiveKitAPI() as client:
                await client.room.create_room(api.CreateRoomRequest(name="standup"))

        @pytest.mark.parametrize("backend", ["memory", "embedded"])
        def test_all(backend, request):
            request.applymarker(pytest.mark.livekit(backend=backend))
            server = request.getfixturevalue("livekit_server")
            asyncio.run(program())
            server.run(server.api.room.list_rooms(api.ListRoomsRequest()))
            server.webhooks.wait_for("room_started")
            server.clock.advance(300)
            server.webhooks.wait_for("room_finished")
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error")
    result.assert_outcomes(passed=2)
    assert "Exception ignored" not in result.stderr.str()
