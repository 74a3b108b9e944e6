"""What each command prints and returns; mistakes are one line on standard error and exit code 2."""

import base64
import itertools
import json
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import yaml
from livekit import api

import roomwright
from roomwright.__main__ import main
from roomwright.auth import Claims, TokenVerifier, VideoGrant
from roomwright.cli import CommandError
from roomwright.cli.duration import duration
from roomwright.cli.serve import introduction
from roomwright.clock import SystemClock
from roomwright.config import Config

Output = pytest.CaptureFixture[str]

VARIABLES = ("LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "LIVEKIT_KEYS", "LIVEKIT_CONFIG", "LIVEKIT_PORT", "NODE_IP")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def payload(token: str) -> dict[str, object]:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.mark.parametrize("command", [["config", "--dev"], ["token", "create", "--dev", "--list"], ["generate-keys"]])
def test_a_reader_that_has_left_is_no_error(command: list[str]) -> None:
    program = [sys.executable, "-m", "roomwright", *command]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()
    assert process.returncode == 0
    assert "Error" not in errors


class TestMistakes:
    @pytest.mark.parametrize(
        ("arguments", "part"),
        [
            (["--nope"], "unrecognized arguments: --nope"),
            (["nope"], "invalid choice: 'nope'"),
            (["--port", "x"], "argument --port: invalid int value: 'x'"),
            (["--port", "99999", "--dev"], "--port must be a whole number from 0 to 65535, not 99999"),
            (["serve", "--config", "/nope"], "cannot read /nope: No such file or directory"),
            (["serve", "--config-body", "port: x"], "port must be a whole number from 0 to 65535, not 'x'"),
            (["--bind", "127.0.0.1"], "no API key is configured"),
            (["config", "--dev", "--node-ip", "here"], "--node-ip must be an IP address, not 'here'"),
            (["--dev", "--bind", "a..b"], "--bind[0] must be an IP address or a host name, without a port, not 'a..b'"),
            (["--dev", "--bind", "x" * 64], "--bind[0] must be an IP address or a host name"),
            (["--dev", "--bind", "\udcff"], "--bind[0] must be an IP address or a host name"),
            (["token"], "required: command"),
            (["token", "create"], "no API key: give --api-key and --api-secret"),
            (["token", "create", "--dev", "--join", "--room", "x"], "--join needs --room and --identity"),
            (["token", "create", "--dev", "--admin"], "--admin needs --room"),
            (["token", "create", "--dev", "--attribute", "x"], "--attribute must be KEY=VALUE, not 'x'"),
            (["token", "create", "--dev", "--valid-for", "soon"], "--valid-for must be a time"),
            (["token", "create", "--dev", "--identity", "\udcff"], "cannot make this token"),
        ],
    )
    def test_are_one_line(self, arguments: list[str], part: str, capsys: Output) -> None:
        assert main(arguments) == 2
        output = capsys.readouterr()
        assert output.out == ""
        assert output.err.startswith("roomwright: error: ")
        assert part in output.err
        assert output.err.count("\n") == 1

    def test_an_address_in_use(self, capsys: Output) -> None:
        import socket

        with socket.create_server(("127.0.0.1", 0)) as taken:
            assert main(["--dev", "--port", str(taken.getsockname()[1])]) == 2
        assert "roomwright: error: cannot listen: " in capsys.readouterr().err

    def test_a_media_port_in_use_is_named(self, capsys: Output) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            arguments = ["--dev", "--port", "0", "--config-body", f"rtc: {{udp_port: {port}}}"]
            assert main(arguments) == 2
        assert f"cannot listen: media on UDP port {port} of 127.0.0.1: " in capsys.readouterr().err

    def test_a_host_that_does_not_exist_is_named(self, capsys: Output) -> None:
        assert main(["--dev", "--port", "0", "--bind", "no-such-host.invalid"]) == 2  # a name reserved to be nobody's
        assert "cannot listen: no-such-host.invalid: " in capsys.readouterr().err


class TestToken:
    def create(self, capsys: Output, *arguments: str) -> str:
        assert main(["token", "create", *arguments]) == 0
        output = capsys.readouterr().out
        assert output.count("\n") == 1
        return output.strip()

    def test_to_join(self, capsys: Output) -> None:
        token = self.create(
            capsys, "--dev", "--identity", "alice", "--room", "x", "--join", "--name", "Alice", "--metadata", "m",
            "--attribute", "a=b=c", "--attribute", "d=", "--no-can-publish", "--can-update-own-metadata",
        )  # fmt: skip
        claims = api.TokenVerifier("devkey", "secret").verify(token)
        assert (claims.identity, claims.name, claims.metadata) == ("alice", "Alice", "m")
        assert claims.attributes == {"a": "b=c", "d": ""}
        assert payload(token)["video"] == {
            "roomJoin": True,
            "room": "x",
            "canPublish": False,
            "canUpdateOwnMetadata": True,
        }

    def test_for_the_server_api(self, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LIVEKIT_API_KEY", "key")
        monkeypatch.setenv("LIVEKIT_API_SECRET", "s" * 32)
        token = self.create(capsys, "--create", "--list", "--record", "--admin", "--room", "x", "--valid-for", "1h")
        claims = TokenVerifier({"key": "s" * 32}, SystemClock()).verify(token)
        assert claims.video == VideoGrant(room_create=True, room_list=True, room_record=True, room_admin=True, room="x")
        assert claims.expires_at - claims.not_before == 3600

    def test_flags_win_over_the_environment(self, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LIVEKIT_API_KEY", "key")
        monkeypatch.setenv("LIVEKIT_API_SECRET", "s" * 32)
        token = self.create(capsys, "--list", "--api-key", "other", "--api-secret", "t" * 32)
        assert payload(token)["iss"] == "other"

    def test_says_on_standard_error_what_it_is_good_for(self, capsys: Output) -> None:
        main(["token", "create", "--dev", "--identity", "a", "--room", "x", "--join", "--list"])
        error = capsys.readouterr().err
        assert "signed with API key 'devkey', valid until 20" in error
        assert "may join room 'x', list rooms" in error
        main(["token", "create", "--dev"])
        assert "opens nothing" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("text", "seconds"), [("45s", 45), ("45", 45), ("30m", 1800), ("24h", 86_400), ("7d", 604_800), ("1h30m", 5400)]
    )
    def test_durations(self, text: str, seconds: int) -> None:
        assert duration(text, "--valid-for") == seconds

    @pytest.mark.parametrize("text", ["", "0", "0s", "x", "-5s", "5 s", "1.5h", "30m1h", "9" * 5000])
    def test_what_is_no_duration(self, text: str) -> None:
        with pytest.raises(CommandError):
            duration(text, "--valid-for")


class TestConfig:
    def test_prints_what_is_effective_without_secrets(self, capsys: Output) -> None:
        assert main(["config", "--keys", "a: topsecret", "--bind", "127.0.0.1", "--bind", "::1", "--port", "5"]) == 0
        output = capsys.readouterr()
        shown = yaml.safe_load(output.out)
        assert (shown["port"], shown["bind_addresses"], shown["room"]["empty_timeout"]) == (
            5,
            ["127.0.0.1", "::1"],
            300,
        )
        assert list(shown["keys"]) == ["a"]
        assert "topsecret" not in output.out + output.err
        assert output.err == (
            "roomwright: warning: the secret of API key 'a' is shorter than 32 characters: easy to guess\n"
        )

    def test_flags_may_stand_before_the_command(self, capsys: Output) -> None:
        assert main(["--dev", "config", "--port", "5"]) == 0
        shown = yaml.safe_load(capsys.readouterr().out)
        assert (shown["development"], shown["port"]) == (True, 5)

    def test_reads_the_environment(self, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LIVEKIT_CONFIG", "port: 5")
        monkeypatch.setenv("NODE_IP", "10.0.0.1")
        assert main(["config"]) == 0
        shown = yaml.safe_load(capsys.readouterr().out)
        assert (shown["port"], shown["rtc"]["node_ip"]) == (5, "10.0.0.1")


def test_generated_keys_are_good_enough(capsys: Output, tmp_path: Path) -> None:
    main(["generate-keys"])
    key, secret = (line.split()[-1] for line in capsys.readouterr().out.splitlines())
    file = tmp_path / "keys"
    file.write_text(f"{key}: {secret}")
    assert main(["config", "--key-file", str(file), "--bind", "127.0.0.1"]) == 0
    assert capsys.readouterr().err == ""


class TestIntroduction:
    def test_has_all_that_one_needs_to_connect(self) -> None:
        text = introduction(Config(keys={"devkey": "secret"}, development=True), "http://127.0.0.1:7880")
        token = text.split("join token")[1].split()[0]
        assert "http://127.0.0.1:7880" in text
        claims: Claims = TokenVerifier({"devkey": "secret"}, SystemClock()).verify(token)
        assert claims.video == VideoGrant(room_join=True, room="dev")

    def test_keeps_a_secret_of_ones_own(self) -> None:
        text = introduction(Config(keys={"devkey": "topsecret"}, development=True), "http://127.0.0.1:7880")
        assert "topsecret" not in text


class TestProcess:
    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, timeout=60)

    def test_help_and_version(self) -> None:
        assert "--dev" in self.run("-m", "roomwright", "--help").stdout
        assert self.run("-m", "roomwright", "--version").stdout == f"roomwright {roomwright.__version__}\n"

    def test_help_loads_nothing_heavy(self) -> None:
        code = """
import sys, roomwright.__main__ as command
try:
    command.main(["--help"])
except SystemExit:
    heavy = {"aiohttp", "roomwright_proto", "jwt", "yaml", "asyncio", "betterproto2"} & set(sys.modules)
    sys.exit(f"loaded {heavy}" if heavy else 0)
"""
        done = self.run("-c", code)
        assert (done.returncode, done.stderr) == (0, "")

    @pytest.mark.skipif(sys.platform == "win32", reason="stops the server with SIGINT")
    def test_a_development_server_tells_how_to_get_in_and_stops_when_told_to(self) -> None:
        command = [sys.executable, "-m", "roomwright", "--dev", "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            lines = list(itertools.islice(server.stdout, 5))
            url = lines[1].split()[1]
            with urllib.request.urlopen(url, timeout=60) as answer:
                assert answer.read() == b"OK"
            server.send_signal(signal.SIGINT)
            _, errors = server.communicate(timeout=60)
        assert server.returncode == 0
        assert "Traceback" not in errors
