"""Which source wins, what is refused, and what the owner is told."""

from pathlib import Path

import pytest

from roomwright.config import Config, ConfigError, Flags, LimitSettings, Loaded, RoomSettings, load, require_keys
from roomwright_proto import livekit as pb

GOOD = "key: a-secret-of-more-than-thirty-two-characters"
LOOPBACK = "bind_addresses: [127.0.0.1]\n"


def load_body(body: str) -> Loaded:
    return load(Flags(config_body=LOOPBACK + body))


def refusal(body: str) -> str:
    with pytest.raises(ConfigError) as error:
        load_body(body)
    message = str(error.value)
    assert "\n" not in message
    return message


def test_a_preset_with_a_key_that_is_not_known_is_warned_about_and_kept() -> None:
    presets = "{a: {empty_timeout: 5, emty_timeout: 6}, b: {egress: {tracks: {filepath: x}}}}"
    loaded = load_body(f"egress: {{enabled: false}}\nroom: {{room_configurations: {presets}}}")
    assert loaded.config.room.room_configurations["a"] == pb.RoomConfiguration(empty_timeout=5)
    unknown, egress = loaded.warnings
    assert "room.room_configurations.a.emty_timeout" in unknown
    assert "room.room_configurations.b.egress: egress is off" in egress


def test_a_file_in_livekits_format(tmp_path: Path) -> None:
    file = tmp_path / "livekit.yaml"
    file.write_text("""\
        port: 7980
        bind_addresses: ["127.0.0.1", "::1"]
        keys:
          devkey: a-secret-of-more-than-thirty-two-characters
        rtc: {node_ip: 10.99.0.1}
        logging: {level: warning, json: true}
        limit: {max_metadata_size: 64, max_room_name_length: 16}
        grpc: {port: 7890}
        room:
          auto_create: false
          empty_timeout: 60
          departure_timeout: 3
          max_participants: 5
          enable_remote_unmute: true
          enabled_codecs: [{mime: audio/opus}, {mime: video/h264, fmtp_line: "level=1"}]
          room_configurations:
            preset-a: {empty_timeout: 111, max_participants: 7, metadata: m, agents: [{agent_name: helper}]}
            empty:
    """)
    loaded = load(Flags(config=str(file)))
    assert loaded.warnings == ()
    config = loaded.config
    assert (config.port, config.bind_addresses, config.development) == (7980, ("127.0.0.1", "::1"), False)
    assert config.keys == {"devkey": "a-secret-of-more-than-thirty-two-characters"}
    assert (config.rtc.node_ip, config.grpc.port) == ("10.99.0.1", 7890)
    assert (config.logging.level, config.logging.json) == ("warn", True)
    assert config.limit == LimitSettings(max_metadata_size=64, max_room_name_length=16)
    assert config.room == RoomSettings(
        auto_create=False,
        empty_timeout=60,
        departure_timeout=3,
        max_participants=5,
        enable_remote_unmute=True,
        enabled_codecs=(pb.Codec(mime="audio/opus"), pb.Codec(mime="video/h264", fmtp_line="level=1")),
        room_configurations={
            "preset-a": pb.RoomConfiguration(
                empty_timeout=111,
                max_participants=7,
                metadata="m",
                agents=[pb.RoomAgentDispatch(agent_name="helper")],
            ),
            "empty": pb.RoomConfiguration(),
        },
    )


class TestPrecedence:
    def test_nothing_given_gives_the_defaults(self) -> None:
        assert load().config == Config()

    def test_flags_win_over_the_environment_over_the_file(self, tmp_path: Path) -> None:
        file = tmp_path / "config.yaml"
        file.write_text("port: 1\nrtc: {node_ip: 10.0.0.1}\nroom: {empty_timeout: 1}")
        environment = {"LIVEKIT_PORT": "2", "NODE_IP": "10.0.0.2", "LIVEKIT_ROOM_DEPARTURE_TIMEOUT": "2"}
        config = load(Flags(config=str(file), port=3), environment).config
        assert (config.port, config.rtc.node_ip) == (3, "10.0.0.2")
        assert (config.room.empty_timeout, config.room.departure_timeout) == (1, 2)

    def test_every_flag(self) -> None:
        flags = Flags(keys=GOOD, bind=("::1", "localhost"), port=0, grpc_port=0, node_ip="::2")
        config = load(flags).config
        assert (config.bind_addresses, config.port, config.grpc.port) == (("::1", "localhost"), 0, 0)
        assert (config.rtc.node_ip, list(config.keys)) == ("::2", ["key"])

    def test_keys_of_one_source_replace_those_of_another(self) -> None:
        body = "keys: {old: a-secret-of-more-than-thirty-two-characters}"
        assert list(load(Flags(config_body=body), {"LIVEKIT_KEYS": GOOD}).config.keys) == ["key"]
        assert list(load(Flags(keys=GOOD), {"LIVEKIT_KEYS": "other: x"}).config.keys) == ["key"]

    def test_a_key_file(self, tmp_path: Path) -> None:
        file = tmp_path / "keys"
        file.write_text("one: 0123\ntwo: abc\n")
        assert load(Flags(key_file=str(file))).config.keys == {"one": "0123", "two": "abc"}
        with pytest.raises(ConfigError, match="keys and key_file are both given"):
            load(Flags(key_file=str(file), keys=GOOD))

    def test_one_document_at_a_time(self, tmp_path: Path) -> None:
        file = tmp_path / "config.yaml"
        file.write_text("port: 1")
        environment = {"LIVEKIT_CONFIG": "port: 2"}
        assert load(None, environment).config.port == 2
        loaded = load(Flags(config=str(file)), environment)
        assert loaded.config.port == 1
        assert f"LIVEKIT_CONFIG is ignored: {file} is given" in loaded.warnings
        with pytest.raises(ConfigError, match="--config and --config-body are both given"):
            load(Flags(config=str(file), config_body="port: 3"))

    def test_older_spellings(self) -> None:
        config = load_body("log_level: error\nroom: {max_metadata_size: 5}").config
        assert (config.logging.level, config.limit.max_metadata_size) == ("error", 5)
        for body in ("log_level: error\nlogging: {level: info}", "logging: {level: info}\nlog_level: error"):
            assert load_body(body).config.logging.level == "info"

    def test_what_kubernetes_sets_is_left_alone(self) -> None:
        assert load(None, {"LIVEKIT_PORT": "tcp://10.0.0.1:7880"}).config.port == 7880

    @pytest.mark.parametrize("body", ["", "port:", "room:", "room: {empty_timeout: }", "keys:\n", "---"])
    def test_what_is_empty_is_not_given(self, body: str) -> None:
        assert load(Flags(config_body=body)).config == Config()


class TestDev:
    def test_listens_on_loopback_with_the_known_key(self) -> None:
        loaded = load(Flags(dev=True))
        config = loaded.config
        assert (config.development, config.bind_addresses, config.port) == (True, ("127.0.0.1",), 7880)
        assert (config.keys, config.logging.level, config.grpc.port) == ({"devkey": "secret"}, "debug", None)
        assert loaded.warnings == ()

    def test_leaves_what_was_said(self) -> None:
        config = load(Flags(dev=True, keys="a: b", bind=("::1",)), {"LIVEKIT_LOGGING_LEVEL": "warn"}).config
        assert (config.keys, config.bind_addresses, config.logging.level) == ({"a": "b"}, ("::1",), "warn")

    def test_may_stand_in_the_file(self) -> None:
        assert load_body("development: true").config.keys == {"devkey": "secret"}

    def test_warns_when_the_known_key_is_open_to_others(self) -> None:
        warnings = load(Flags(dev=True, bind=("127.0.0.1", "0.0.0.0"), node_ip="10.0.0.1")).warnings
        assert warnings == ("the development key is open to everybody who reaches 0.0.0.0",)


class TestWarnings:
    @pytest.mark.parametrize(
        ("body", "warning"),
        [
            ("redis: {address: x}", "--config-body: redis is not supported yet and ignored"),
            (
                "rtc: {tcp_port: 1, use_mdns: true}\nturn: {enabled: true}",
                "--config-body: rtc.tcp_port, rtc.use_mdns, turn are not supported yet and ignored",
            ),
            ("prot: 7880", "--config-body: prot (did you mean port?) is not a known key and ignored"),
            (
                "room: {empty_timout: 3}",
                "--config-body: room.empty_timout (did you mean room.empty_timeout?) is not a known key and ignored",
            ),
            ("5: 6", "--config-body: 5 is not a known key and ignored"),
            ("keys: {k: short}", "the secret of API key 'k' is shorter than 32 characters: easy to guess"),
        ],
    )
    def test_names_what_has_no_effect(self, body: str, warning: str) -> None:
        assert load_body(body).warnings == (warning,)

    def test_names_variables_that_have_no_effect(self) -> None:
        loaded = load(Flags(config_body=LOOPBACK), {"REDIS_HOST": "x", "UDP_PORT": "5", "PATH": "/"})
        assert loaded.warnings == ("REDIS_HOST is not supported yet and ignored",)
        assert loaded.config.rtc.udp_port == 5

    @pytest.mark.parametrize("bind", ["[]", "['']", "[0.0.0.0]", "['10.0.0.1', '0.0.0.0']", "[example.org]"])
    def test_says_that_others_need_the_node_ip(self, bind: str) -> None:
        body = f"bind_addresses: {bind}"
        (warning,) = load(Flags(config_body=body)).warnings
        assert "without rtc.node_ip" in warning
        assert load(Flags(config_body=body, node_ip="10.0.0.1")).warnings == ()

    @pytest.mark.parametrize("bind", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
    def test_says_nothing_about_loopback(self, bind: str) -> None:
        assert load(Flags(bind=(bind,))).warnings == ()

    def test_says_nothing_about_addresses_that_clients_can_be_told(self) -> None:
        assert load(Flags(bind=("::1", "10.0.0.1"))).warnings == ()

    def test_a_flag_for_the_port_of_media_wins_over_the_environment(self) -> None:
        assert load(Flags(udp_port=6), {"UDP_PORT": "5"}).config.rtc.udp_port == 6
        with pytest.raises(ConfigError, match=r"^--udp-port must be a whole number from 0 to 65535, not 70000"):
            load(Flags(udp_port=70_000))


class TestErrors:
    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ("port: x", "port must be a whole number from 0 to 65535, not 'x'"),
            ("port: 65536", "port must be a whole number from 0 to 65535, not 65536"),
            ("port: true", "port must be a whole number from 0 to 65535, not True"),
            ("port: {a: b}", "port must be a whole number from 0 to 65535, not a mapping"),
            ("room: 5", 'room must be a mapping of "name: value" lines, not 5'),
            ("room: {auto_create: 1}", "room.auto_create must be true or false, not 1"),
            ("room: {empty_timeout: -1}", "room.empty_timeout must be a whole number from 0 to 4294967295, not -1"),
            ("room: {enabled_codecs: opus}", "room.enabled_codecs must be a list, not 'opus'"),
            (
                "room: {enabled_codecs: [opus]}",
                "room.enabled_codecs[0] must be a mapping of \"name: value\" lines, not 'opus'",
            ),
            ("logging: {level: loud}", "logging.level must be one of debug, info, warn, error, not 'loud'"),
            ("logging: {level: [loud]}", "logging.level must be one of debug, info, warn, error, not a list"),
            ("rtc: {node_ip: example.org}", "rtc.node_ip must be an IP address, not 'example.org'"),
            ("rtc: {node_ip: 5}", "rtc.node_ip must be an IP address, not 5"),
            ("key_file: 5", "key_file must be a text, not 5"),
            ("port: 1\nport: 2", "--config-body has the key 'port' twice, again in line 3"),
            ("? [a]\n: 5", "--config-body is not valid YAML: found unhashable key (line 2, column 3)"),
            ("keys: {a: b, a: c}", "--config-body has the key 'a' twice, again in line 2"),
        ],
    )
    def test_name_the_key_the_value_and_what_is_allowed(self, body: str, message: str) -> None:
        assert refusal(body) == message

    @pytest.mark.parametrize("address", ["127.0.0.1:80", "'[::1]'", "a b", "http://x", "'5:5'", "5"])
    def test_addresses_have_no_port(self, address: str) -> None:
        with pytest.raises(
            ConfigError, match=r"^bind_addresses\[0\] must be an IP address or a host name, without a port"
        ):
            load(Flags(config_body=f"bind_addresses:\n- {address}"))

    @pytest.mark.parametrize(
        ("body", "part"),
        [
            ("room: {room_configurations: {x: {empty_timeout: soon}}}", "empty_timeout"),
            ("room: {room_configurations: {x: 5}}", "not 5"),
            ("room: {room_configurations: {5: {}}}", "must be a text, not 5"),
        ],
    )
    def test_in_a_room_configuration_say_which(self, body: str, part: str) -> None:
        message = refusal(body)
        assert message.startswith("room.room_configurations")
        assert part in message

    @pytest.mark.parametrize(
        "body",
        [
            "keys: topsecret",
            "keys: [topsecret]",
            "keys: {a: [topsecret]}",
            "keys: {a: *topsecret}",
            "keys: {a: !topsecret b}",
            "keys: {a: 123456789}",
            "keys: {a: 'topsecret}",
            "port: {a: topsecret}",
        ],
    )
    def test_tell_no_secret(self, body: str) -> None:
        message = refusal(body)
        assert "topsecret" not in message
        assert "123456789" not in message

    @pytest.mark.parametrize("keys", ["a:b", "a", "a: ", "[a, b]", '"": b'])
    def test_in_keys_say_what_they_look_like(self, keys: str) -> None:
        with pytest.raises(ConfigError, match=r"^--keys.*(key: secret|not empty|must be a text)"):
            load(Flags(keys=keys))

    def test_name_the_flag_or_the_variable(self) -> None:
        with pytest.raises(ConfigError, match=r"^--port must be"):
            load(Flags(port=-1))
        with pytest.raises(ConfigError, match=r"^--node-ip must be an IP address, not 'x'"):
            load(Flags(node_ip="x"))
        with pytest.raises(ConfigError, match=r"^LIVEKIT_ROOM_AUTO_CREATE must be true or false, not 'maybe'"):
            load(None, {"LIVEKIT_ROOM_AUTO_CREATE": "maybe"})

    def test_of_files_name_the_file(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"cannot read .*nothing: No such file"):
            load(Flags(config=str(tmp_path / "nothing")))
        (tmp_path / "binary").write_bytes(b"\xff\xfe")
        with pytest.raises(ConfigError, match=r"cannot read .*binary"):
            load(Flags(config=str(tmp_path / "binary")))

    def test_without_keys_name_the_remedies(self) -> None:
        with pytest.raises(ConfigError, match=r"--keys .*LIVEKIT_KEYS.*--dev"):
            require_keys(load().config)
        require_keys(load(Flags(keys=GOOD)).config)


def test_a_configuration_does_not_show_its_secrets() -> None:
    assert "thirty-two" not in repr(load(Flags(keys=GOOD)))
    assert "thirty-two" not in repr(Flags(keys=GOOD))
