"""The entry point: finds the sub-command, runs it, turns errors into one line and an exit code."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.metadata import version
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from clew.cli.exits import Exit
from clew.cli.output import print_error
from clew.model.errors import ClewError

COMMANDS = {
    "up": "up",
    "status": "status",
    "query": "query",
    "sql": "sql",
    "export": "export",
    "import": "import_",
    "load": "load",
    "delete": "delete",
    "journal": "journal",
    "config": "config",
    "migrate": "migrate",
    "backup": "backup",
    "restore": "restore",
    "demo": "demo",
}
"""Sub-command to its module in `commands/`."""


class LazyGroup(TyperGroup):
    """Imports a sub-command when it is called, so that each starts as fast as it can."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the signature is click's
        """Return the names in the order of COMMANDS."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Return the sub-command, `None` when there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        command = get_command(import_module(f"clew.cli.commands.{COMMANDS[cmd_name]}").app)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    help="Distributed tracing: from a real SDK to the cause, in minutes.",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _print_version(value: bool) -> None:
    if value:
        print(f"clew {version('clew')}")
        raise typer.Exit


@app.callback()
def root(
    _version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Distributed tracing: from a real SDK to the cause, in minutes."""


def main() -> None:
    """Run the command line; errors of ours end with their text, never with a traceback."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    try:
        code = app(arguments, prog_name="clew", standalone_mode=True)
    except SystemExit as end:
        code = end.code
    except ClewError as error:
        print_error(error, as_json="--json" in arguments)
        return int(getattr(error, "exit", _exit_of(error)))
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    return code if isinstance(code, int) else Exit.OK


def _exit_of(error: ClewError) -> Exit:
    """Return the exit code of an error of the product: a bad configuration is a usage error."""
    return Exit.USAGE if error.code.startswith("config") else Exit.FAILED


if __name__ == "__main__":
    main()
