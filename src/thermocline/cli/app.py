"""The command table, and the one boundary where errors become exit codes.

A command's module is imported only when that command runs, so that `thermocline --help` stays fast.
To add a command, write `cli/<name>.py` with a `typer.Typer` called `app`, and add its line here.

Exit codes: 0 done, 1 error, 2 usage or invalid input, 3 partly done and resumable, 4 validation mismatch,
5 approval needed, 6 plan stale or drifted, 11 locked, 130 interrupted.
"""

import errno
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command as build_command


class CommandLine(NamedTuple):
    """One line of the command table: where the command lives and how the overview describes it."""

    module: str
    panel: str
    summary: str


EVIDENCE = "Evidence"
VERDICTS = "Verdicts"
PLAN = "Plan"
MIGRATION = "Migration"
REHEARSAL = "Rehearse and check"

COMMANDS: dict[str, CommandLine] = {
    "ingest": CommandLine(
        "ingest", EVIDENCE, "Bring logs, inventories and code into the catalogue; twice changes nothing."
    ),
    "references": CommandLine("references", EVIDENCE, "Find where a code checkout touches the bucket."),
    "coverage": CommandLine("coverage", EVIDENCE, "Show which days and log types the evidence covers."),
    "analyze": CommandLine("analyze", VERDICTS, "Classify every subfolder and keep a dated snapshot."),
    "subfolders": CommandLine("subfolders", VERDICTS, "Show how warm each subfolder is, who uses it, and why."),
    "consumers": CommandLine("consumers", VERDICTS, "Show who reads and writes what."),
    "contradictions": CommandLine("contradictions", VERDICTS, "Show where code, logs and documents disagree."),
    "drift": CommandLine("drift", VERDICTS, "Show what changed since an earlier snapshot."),
    "report": CommandLine("report", VERDICTS, "Write the periodic access-pattern report."),
    "plan": CommandLine("plan", PLAN, "Generate, read, compare, approve, check and export the migration plan."),
    "patch": CommandLine("patch", PLAN, "Write the code changes that a migration needs as diffs."),
    "execute": CommandLine("execute", MIGRATION, "Migrate the approved phases of a plan; copies, never deletes."),
    "status": CommandLine("status", MIGRATION, "Show where each move stands and what comes next."),
    "observe": CommandLine("observe", MIGRATION, "Show who still uses the old place."),
    "cleanup": CommandLine("cleanup", MIGRATION, "Delete verified sources after the quiet period; asks first."),
    "rollback": CommandLine("rollback", MIGRATION, "Take a move back."),
    "demo": CommandLine("demo", REHEARSAL, "Run the whole journey on a sandbox lake."),
    "sandbox": CommandLine("sandbox", REHEARSAL, "Serve a local Cloud Storage for rehearsals."),
    "doctor": CommandLine("doctor", REHEARSAL, "Check a catalogue, a plan and a journal for damage."),
    "selftest": CommandLine("selftest", REHEARSAL, "Check our assumptions on a throw-away bucket."),
}


# What a write says on a full disk, over a quota, and over a limit on file sizes.
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

HELP_NAMES = ["-h", "--help"]


class CommandTable(TyperGroup):
    """A group whose commands are one-line stubs until one of them is called."""

    def __init__(self, **attributes: Any) -> None:
        stubs = {
            name: TyperCommand(name=name, help=line.summary, rich_help_panel=line.panel)
            for name, line in COMMANDS.items()
        }
        super().__init__(**{**attributes, "commands": stubs})

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, stub, rest = super().resolve_command(ctx, args)
        return name, stub if name is None else load_command(name), rest


def load_command(name: str) -> Any:
    """The real command behind a line of the table; imports its module."""
    command = build_command(import_module(f"thermocline.cli.{COMMANDS[name].module}").app)
    command.name = name
    # Typer gives every app of its own the completion options; only the whole command line has use for them.
    command.params = [one for one in command.params if one.name not in {"install_completion", "show_completion"}]
    return _bare(command)


def _bare(command: Any) -> Any:
    """Flags take no value, so that help must not show `<bool>` beside them; the command, and what is below it."""
    show_help = command.get_help_option(typer.Context(command, help_option_names=HELP_NAMES))
    for flag in (*command.params, show_help):
        if getattr(flag, "is_flag", False):
            flag.metavar = ""
    for below in getattr(command, "commands", {}).values():
        _bare(below)
    return command


app = typer.Typer(
    cls=CommandTable,
    name="thermocline",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": HELP_NAMES},
    epilog="Start with `thermocline demo`; then see `thermocline ingest --help`.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"thermocline {version('thermocline')}")
        raise typer.Exit


@app.callback()
def thermocline(
    version: bool = typer.Option(False, "--version", help="Print the version.", is_eager=True, callback=_print_version),
) -> None:
    """Find the cold, isolated folders of a Cloud Storage bucket, and move each to a bucket of its own, safely."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; a user's mistake prints one line, a bug prints its trace."""
    from analysis.errors import ExplainedError

    try:
        code = _bare(build_command(app)).main(list(arguments), prog_name="thermocline", standalone_mode=False)
    except ExplainedError as error:
        return _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", 130)
    except OSError as error:
        # A full temporary folder shows as none that could be used.
        if error.errno not in NO_SPACE and "usable temporary directory" not in str(error):
            raise
        place = f"{error.filename}: " if error.filename else ""
        return _fail(f"{place}{error.strerror}: free space, then run the same command again", 1)
    except Exception as error:
        # Typer keeps the class of usage errors private; every one of them has an exit code and a message.
        if not hasattr(error, "format_message"):
            raise
        hint = f"(see `{context.command_path} --help`)" if (context := getattr(error, "ctx", None)) else ""
        message = str(error.format_message()).rstrip(".")
        return _fail(f"{message} {hint}" if hint else message, 2) if message else 2
    return code if isinstance(code, int) else 0


def _fail(message: str, code: int) -> int:
    from thermocline.cli.output import inert

    typer.echo(inert(f"error: {' '.join(message.split())}"), err=True)
    return code


def main() -> None:
    """Console script."""
    sys.exit(run(sys.argv[1:]))
