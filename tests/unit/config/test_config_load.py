from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.config import Config, load
from clew.config.checks import check
from clew.config.errors import (
    ConfigError,
    ConfigFileError,
    ExposedListenerError,
    InvalidValueError,
    UnknownKeyError,
)
from clew.config.keys import leaves, variable
from clew.config.listen import is_loopback
from clew.config.schema import json_schema, main


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "clew.yaml"
    path.write_text(text)
    return path


def test_without_anything_every_listener_is_on_localhost() -> None:
    """The defaults listen on 127.0.0.1 with the ports that OTLP and the documentation name."""
    config = load()
    assert {key: (item.host, item.port) for key, item in config.listen.by_key().items()} == {
        "listen.ui": ("127.0.0.1", 4319),
        "listen.otlp_grpc": ("127.0.0.1", 4317),
        "listen.otlp_http": ("127.0.0.1", 4318),
        "listen.tempo": ("127.0.0.1", 3200),
        "listen.jaeger_http": ("127.0.0.1", 16686),
        "listen.jaeger_grpc": ("127.0.0.1", 16685),
        "listen.jaeger_storage": ("127.0.0.1", 17271),
        "listen.zipkin": ("127.0.0.1", 9411),
        "listen.sampling_http": ("127.0.0.1", 5778),
        "listen.sampling_grpc": ("127.0.0.1", 5779),
    }
    assert config.limits.request_max_bytes == config.limits.decoded_max_bytes == 64 << 20


def test_overrides_win_over_variables_over_the_file(tmp_path: Path) -> None:
    """Defaults, file, variables, overrides: the later wins, key by key."""
    path = _write(tmp_path, "storage: {retention_days: 7, red_retention_days: 8}\nquery: {readers: 5}\n")
    env = {"CLEW_STORAGE_RETENTION_DAYS": "9", "CLEW_QUERY_READERS": "6"}
    config = load(path, env, {"query.readers": 7, "query.queue": None})
    assert (config.storage.retention_days, config.storage.red_retention_days) == (9, 8)
    assert (config.query.readers, config.query.queue) == (7, 64)


def test_a_port_may_be_a_variable() -> None:
    """`CLEW_LISTEN_UI_PORT` is a key, though Kubernetes makes variables that look like it."""
    assert load(env={"CLEW_LISTEN_UI_PORT": "5001", "CLEW_UI_PORT": "tcp://10.0.0.1:80"}).listen.ui.port == 5001


def test_a_listener_of_another_api_can_be_turned_off() -> None:
    """A port that is not listened on is not claimed, so it may clash with another."""
    config = load(overrides={"listen.jaeger_http": {"enabled": False, "port": 4317}})
    assert "listen.jaeger_http" not in config.listen.by_key()


def test_an_empty_file_means_defaults(tmp_path: Path) -> None:
    """A file with nothing, or with an empty section, changes nothing."""
    assert load(_write(tmp_path, "")) == load()
    assert load(_write(tmp_path, "storage: {}\n")) == load()


@pytest.mark.parametrize(
    ("text", "size"), [("64MiB", 64 << 20), ("1.5 GB", 1_500_000_000), ("2048", 2048), ("3 B", 3), ("1TiB", 1 << 40)]
)
def test_sizes_may_be_written_with_units(text: str, size: int) -> None:
    """Files and variables may write sizes the way people do."""
    assert load(env={"CLEW_STORAGE_MAX_BYTES": text}).storage.max_bytes == size


def test_variables_hold_lists_and_nothing() -> None:
    """A list is comma-separated or YAML; an empty variable of an optional key means that it is not set."""
    env = {
        "CLEW_CORS_ORIGINS": "https://a.example, https://*.b.example",
        "CLEW_TOKENS": '[{"name": "ci", "token": "secret", "scopes": ["ingest"]}]',
        "CLEW_STORAGE_MAX_BYTES": "",
    }
    config = load(env=env)
    assert config.cors.origins == ("https://a.example", "https://*.b.example")
    assert config.tokens[0].scopes == {"ingest"}
    assert config.storage.max_bytes is None


def test_the_home_directory_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    """`~` in data_dir is the user's home."""
    monkeypatch.setenv("HOME", "/home/somebody")
    assert load().data_dir == Path("/home/somebody/.local/share/clew")


@pytest.mark.parametrize(
    ("text", "key", "near"),
    [
        ("lisen: {}", "lisen", "listen"),
        ("limits: {request_max_byte: 3}", "limits.request_max_byte", "limits.request_max_bytes"),
        ("retention_days: 3", "retention_days", "storage.retention_days"),
        ("tokens: [{name: a, token: b, scopez: [read]}]", "tokens.0.scopez", "scopes"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest(tmp_path: Path, text: str, key: str, near: str) -> None:
    """A misspelt key is an error that names file and key and suggests what was meant."""
    path = _write(tmp_path, text)
    with pytest.raises(UnknownKeyError) as caught:
        load(path)
    assert caught.value.key == key
    assert caught.value.near[0] == near
    assert str(path) in caught.value.detail


def test_a_misspelt_variable_is_an_error_and_a_foreign_one_is_not() -> None:
    """Variables that look like a key are checked; those of Kubernetes and of the build are left alone."""
    with pytest.raises(UnknownKeyError, match="CLEW_LISTEN_UI_PRT") as caught:
        load(env={"CLEW_LISTEN_UI_PRT": "1"})
    assert caught.value.near[0] == "CLEW_LISTEN_UI_PORT"
    foreign = {"CLEW_SERVICE_HOST": "10.0.0.1", "CLEW_PORT_4317_TCP_ADDR": "10.0.0.1", "CLEW_SKIP_UI": "1", "PATH": "x"}
    assert load(env=foreign) == load()


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("listen: {ui: {port: 99999}}", "listen.ui.port", "99999"),
        ("limits: {request_max_bytes: 3 parsecs}", "limits.request_max_bytes", "'3 parsecs'"),
        ("storage: {engine: mysql}", "storage.engine", "'mysql'"),
        ("cors: {origins: [example.com]}", "cors.origins.0", "'example.com'"),
        ("limits: 5", "limits", "5"),
        ("journal: {interval_s: 0}", "journal.interval_s", "0"),
    ],
)
def test_a_wrong_value_is_named_with_its_key(tmp_path: Path, text: str, key: str, value: str) -> None:
    """A value that its key does not take is an error that names key, value and where it came from."""
    path = _write(tmp_path, text)
    with pytest.raises(InvalidValueError) as caught:
        load(path)
    assert (caught.value.key, caught.value.value, caught.value.source) == (key, value, str(path))
    assert caught.value.hint


def test_the_source_of_a_wrong_value_is_named() -> None:
    """An error says whether a variable or a flag was wrong."""
    with pytest.raises(InvalidValueError) as caught:
        load(env={"CLEW_QUERY_READERS": "many"})
    assert caught.value.source == "variable CLEW_QUERY_READERS"
    with pytest.raises(InvalidValueError) as caught:
        load(overrides={"query.readers": 0})
    assert caught.value.source == "command line"
    with pytest.raises(InvalidValueError, match="no YAML"):
        load(env={"CLEW_TOKENS": "[{"})
    with pytest.raises(InvalidValueError, match="takes keys"):
        load(overrides={"data_dir": "/tmp", "data_dir.x": 1})


@pytest.mark.parametrize(
    "text",
    [
        "tokens: [{name: a}]",
        "tokens: [{name: a, token: hush, token_file: /x}]",
        "tokens: [{name: a, token: ''}]",
        "tokens: [{name: a, token_sha256: beef}]",
        "tokens: [{name: a, token: hush, scopes: []}]",
        "tokens: [{name: a, token: hush, tenant: ''}]",
        "tokens: [{name: a, token: hush}, {name: a, token: hush2}]",
        "storage: {password: [hush]}",
    ],
)
def test_a_wrong_token_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    """Tokens and passwords never appear in an error."""
    with pytest.raises(InvalidValueError) as caught:
        load(_write(tmp_path, text))
    assert "hush" not in caught.value.detail + caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "storage: {engine: http}",
        "storage: {engine: http, url: clickhouse}",
        "storage: {url: http://x}",
        "limits: {inflight_max_bytes: 1MiB}",
        "listen: {ui: {port: 4317}}",
    ],
)
def test_keys_that_contradict_each_other_are_refused(tmp_path: Path, text: str) -> None:
    """What can only fail later is refused before anything starts."""
    with pytest.raises(InvalidValueError):
        load(_write(tmp_path, text))


@pytest.mark.parametrize("text", ["a: [", "- a\n- b\n", "\x00"])
def test_a_file_that_is_no_yaml_mapping_is_refused(tmp_path: Path, text: str) -> None:
    """The error names the file and what is wrong with it."""
    path = _write(tmp_path, text)
    with pytest.raises(ConfigFileError) as caught:
        load(path)
    assert caught.value.path == str(path)


def test_a_file_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    """A path that was given must be readable."""
    with pytest.raises(ConfigFileError, match="No such file"):
        load(tmp_path / "missing.yaml")


@pytest.mark.parametrize("listener", ["ui", "otlp_grpc", "otlp_http", "tempo"])
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.1.2.3", "example.com"])
def test_a_public_address_needs_tokens_or_the_word_insecure(listener: str, host: str) -> None:
    """Every listener is refused on a public address unless tokens protect it or `insecure` accepts it."""
    key = f"listen.{listener}.host"
    with pytest.raises(ExposedListenerError) as caught:
        load(overrides={key: host})
    assert caught.value.key == key
    assert "tokens" in caught.value.hint
    assert "insecure: true" in caught.value.hint
    token = {"name": "a", "token": "b"}
    assert load(overrides={key: host, "insecure": True}).insecure
    assert load(overrides={key: host, "tokens": [token]}).tokens


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost", "LOCALHOST."])
def test_loopback_addresses_are_known(host: str) -> None:
    """All of 127/8, ::1 and localhost are this machine."""
    assert is_loopback(host)


def test_free_ports_do_not_clash() -> None:
    """Port 0 on several listeners is fine: each takes its own free port."""
    check(load(overrides={f"listen.{name}.port": 0 for name in ("ui", "otlp_grpc", "otlp_http", "tempo")}))


def test_a_configuration_is_frozen_and_hides_secrets() -> None:
    """Nothing changes after loading, and a dump for people holds no secret."""
    config = load(overrides={"tokens": [{"name": "a", "token": "hush"}], "storage.password": "hush"})
    with pytest.raises(ValueError, match="frozen"):
        config.insecure = True  # type: ignore[misc]
    assert "hush" not in json.dumps(config.model_dump(mode="json")) + repr(config)


def test_every_key_has_a_docstring_and_a_variable_of_its_own() -> None:
    """The reference is complete and no two keys share a variable."""
    names = [variable(keys) for keys in leaves(Config)]
    assert len(names) == len(set(names))
    schema = json_schema()
    for model in [schema, *schema["$defs"].values()]:
        for name, field in model["properties"].items():
            assert field.get("description"), name


def test_the_committed_schema_is_current(tmp_path: Path) -> None:
    """schemas/config.schema.json is what the models say."""
    written = tmp_path / "schema.json"
    assert main([str(written)]) == 0
    committed = Path(__file__).parents[3] / "schemas/config.schema.json"
    assert committed.read_text() == written.read_text()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
        max_leaves=10,
    ),
    st.sampled_from([".".join(keys) for keys in leaves(Config)] + ["listen", "tokens.0", "nothing"]),
)
def test_no_value_ends_in_anything_but_a_config_error(value: object, key: str) -> None:
    """Whatever stands under a key, loading gives a configuration or an error of ours."""
    try:
        load(overrides={key: value})
    except ConfigError as error:
        assert error.detail  # noqa: PT017 - either outcome is right
