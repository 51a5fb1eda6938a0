"""Read the configuration: defaults, then the file, then `CLEW_*` variables, then overrides; the later wins."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from clew.config.checks import check
from clew.config.errors import ConfigError, ConfigFileError, InvalidValueError, UnknownKeyError
from clew.config.keys import PREFIX, is_foreign, leaves, near, variable
from clew.config.root import Config
from clew.config.tokens import TokenConfig

_SURE = 0.8
Tree = dict[str, Any]


def load(
    path: Path | None = None,
    env: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Config:
    """Return the checked configuration.

    Args:
        path: a YAML file, or `None` for none.
        env: the environment; variables that are no keys are ignored unless they look like a misspelt key.
        overrides: dotted keys (`listen.ui.port`) to values, from flags; `None` values are ignored.

    Raises:
        ConfigError: names the key, the value, where it came from, and the fix.
    """
    tree: Tree = {}
    sources: dict[tuple[str, ...], str] = {}
    if path is not None:
        tree = _read(path)
        sources[()] = str(path)
    for keys, value, source in [*_from_env(env or {}), *_from_overrides(overrides or {})]:
        _put(tree, keys, value, source)
        sources[keys] = source
    try:
        config = Config.model_validate(tree)
    except ValidationError as error:
        raise _explain(error, tree, sources) from None
    check(config)
    return config


def _read(path: Path) -> Tree:
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigFileError(str(path), str(error.strerror), hint="give the path of a readable file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigFileError(str(path), f"no valid YAML: {error}", hint="mend the line that is named") from None
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise ConfigFileError(str(path), "the top level is no mapping", hint="write keys as `key: value` lines")
    return loaded


def _from_env(env: Mapping[str, str]) -> list[tuple[tuple[str, ...], object, str]]:
    known = {variable(keys): keys for keys in leaves(Config)}
    found: list[tuple[tuple[str, ...], object, str]] = []
    for name in sorted(env):
        if not name.startswith(PREFIX) or (name not in known and is_foreign(name)):
            continue
        if name in known:
            found.append((known[name], _scalar(known[name], env[name]), f"variable {name}"))
        elif close := near(name, known, cutoff=_SURE):
            raise UnknownKeyError(name, "environment", close)
    return found


def _scalar(keys: tuple[str, ...], text: str) -> object:
    """Turn the text of a variable into what the key's type reads: lists as YAML or comma-separated."""
    field = Config.model_fields[keys[0]]
    for key in keys[1:]:
        field = field.annotation.model_fields[key]  # type: ignore[union-attr]
    if text.strip() in {"", "null"} and not field.is_required() and field.default is None:
        return None
    if not str(field.annotation).startswith("tuple"):
        return text
    if text.lstrip().startswith(("[", "{", "-")):
        try:
            return yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise InvalidValueError(".".join(keys), text, f"variable {variable(keys)}", f"no YAML: {error}") from None
    return [part.strip() for part in text.split(",") if part.strip()]


def _from_overrides(overrides: Mapping[str, object]) -> list[tuple[tuple[str, ...], object, str]]:
    return [(tuple(key.split(".")), value, "command line") for key, value in overrides.items() if value is not None]


def _put(tree: Tree, keys: tuple[str, ...], value: object, source: str) -> None:
    node = tree
    for depth, key in enumerate(keys[:-1], start=1):
        child = node.setdefault(key, {})
        if child is None:
            child = node[key] = {}
        if not isinstance(child, dict):
            raise InvalidValueError(".".join(keys[:depth]), repr(child), source, "is a section and takes keys")
        node = child
    node[keys[-1]] = value


def _explain(error: ValidationError, tree: Tree, sources: Mapping[tuple[str, ...], str]) -> ConfigError:
    """Turn the first problem that pydantic found into an error of ours."""
    first = error.errors(include_url=False)[0]
    where = tuple(str(part) for part in first["loc"] if part != "function-before[parse_size(), int]")
    source = next((sources[where[:n]] for n in range(len(where), -1, -1) if where[:n] in sources), "configuration")
    key = ".".join(where) or "configuration"
    if first["type"] == "extra_forbidden":
        return UnknownKeyError(key, source, _near_key(where))
    problem = first["msg"].removeprefix("Value error, ")
    return InvalidValueError(key, _shown(where, tree), source, problem[:1].lower() + problem[1:])


def _near_key(where: tuple[str, ...]) -> list[str]:
    """Suggest keys of the same section, then whole paths."""
    if where[0] == "tokens" and len(where) > 1:
        return near(where[-1], TokenConfig.model_fields)
    known = [".".join(keys) for keys in leaves(Config)]
    known += sorted({".".join(keys[:n]) for keys in leaves(Config) for n in range(1, len(keys))})
    section = ".".join(where[:-1])
    siblings = [key for key in known if key.rpartition(".")[0] == section]
    last_names = {key.rpartition(".")[2]: key for key in siblings}
    close = [last_names[name] for name in near(where[-1], last_names)]
    return close or near(".".join(where), known) or [key for key in known if key.rpartition(".")[2] == where[-1]]


def _shown(where: tuple[str, ...], tree: object) -> str:
    """Return the offending value as text, secrets left out."""
    for key in where:
        if isinstance(tree, dict) and key in tree:
            tree = tree[key]
        elif isinstance(tree, list) and key.isdigit() and int(key) < len(tree):
            tree = tree[int(key)]
        else:
            return "(not given)"
    secret = any(part in {"token", "tokens", "password"} for part in where)
    return "(hidden)" if secret else repr(tree)
