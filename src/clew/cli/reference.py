"""Writes docs/reference/cli.md from the commands themselves: `python -m clew.cli.reference [PATH]`."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

import typer

from clew.cli.exits import Exit
from clew.cli.main import app

TARGET = Path("docs/reference/cli.md")
_EXITS = {
    Exit.OK: "done",
    Exit.FAILED: "Clew answered with an error, or the work could not be done",
    Exit.USAGE: "wrong arguments, or a configuration that cannot be used",
    Exit.NOT_READY: "Clew is not reachable, or not everything was ready in time",
    Exit.NOT_FOUND: "there is no such trace",
    Exit.DENIED: "a token is missing, unknown, or not allowed to do this",
    Exit.INTERRUPTED: "ended by Ctrl-C",
}


def render() -> str:
    """Return the page."""
    group = typer.main.get_command(app)
    context: Any = typer.Context(group, info_name="clew")
    lines = [
        "# Command line",
        "",
        "`clew COMMAND --help` says the same. Answers go to standard output, progress and errors to standard error;",
        '`--json` prints JSON, an error then as `{"error": {"code", "detail", "hint"}}` on standard error.',
        "`CLEW_URL`, `CLEW_TOKEN` and `CLEW_CONFIG` stand in for `--url`, `--token` and `--config`.",
        "",
        "## Exit codes",
        "",
        "| code | meaning |",
        "|---|---|",
        *(f"| {code.value} | {_EXITS[code]} |" for code in Exit),
        "",
    ]
    for name in group.list_commands(context):  # type: ignore[attr-defined]
        lines += _command(group.get_command(context, name), context, f"clew {name}")  # type: ignore[attr-defined]
    return "\n".join(lines).rstrip() + "\n"


def _command(command: Any, parent: Any, path: str) -> list[str]:
    """Return the section of one command and those of its sub-commands."""
    context = type(parent)(command, info_name=path.rsplit(" ", maxsplit=1)[-1], parent=parent)
    lines = [f"## {path}", "", inspect.cleandoc(command.help or ""), ""]
    if hasattr(command, "commands"):
        for name, below in command.commands.items():
            lines += _command(below, context, f"{path} {name}")
        return lines
    parameters = [one for one in command.params if one.name != "help"]
    arguments = " ".join(_metavar(one) for one in parameters if one.param_type_name == "argument")
    lines += [
        "```sh",
        f"{path} [OPTIONS] {arguments}".rstrip(),
        "```",
        "",
        "| parameter | meaning | default |",
        "|---|---|---|",
    ]
    lines += [_row(one) for one in parameters]
    return [*lines, ""]


def _metavar(parameter: Any) -> str:
    """Return what stands for the value: the name given to it, else the name of its type."""
    return str(parameter.metavar or parameter.display_name_raw).upper()


def _row(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        name = f"`{_metavar(parameter)}`"
    else:
        value = "" if parameter.is_flag else f" {_metavar(parameter)}"
        names = sorted(parameter.opts, key=len, reverse=True)
        name = ", ".join(f"`{one}{value}`" for one in names)
    default = parameter.default
    shown = "" if default in (None, "") or parameter.required or default is False else f"`{default}`"
    return f"| {name} | {(parameter.help or '').replace('|', '/')} | {'required' if parameter.required else shown} |"


def main(argv: list[str]) -> int:
    """Write the page to the path given, docs/reference/cli.md by default."""
    path = Path(argv[0]) if argv else TARGET
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
