"""The root command, and the place where errors become lines on standard error and exit codes."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_command

from seawall.errors import ExitCode, SeawallError, StorageFull, SystemRefused

COMMANDS = {
    "demo": "Run the main job on shipped photographs with planted canaries.",
    "scan": "Find known content in datasets, and record what was done.",
    "hash": "Print the hashes of files.",
    "match": "Match files or hashes against lists.",
    "lists": "Import, change, inspect and verify hash lists and banks.",
    "sources": "Deny and allow lists of domains, collections, datasets and URLs.",
    "vault": "Encrypted evidence: put, ls, open, destroy, verify.",
    "ledger": "The tamper-evident record: key, checkpoint, prove, export, verify.",
    "detect": "Ask detectors about files, a line for each file and detector.",
    "detectors": "List, describe and test detectors; install model files.",
    "packs": "Seal, install and list packs of terms.",
    "separate": "Keep depictions of children and adult content apart, and attest to it.",
    "card": "Write a dataset card whose child-safety part comes from the ledger.",
    "clean": "Write datasets anew without what was found, and sign what is left.",
    "verify-manifest": "Say whether data are exactly what a clean signed: the gate of a training job.",
    "calibrate": "Turn your own harmless items into thresholds with confidence bounds.",
    "hub": "Judge datasets that are hosted for others, on every push and when lists change.",
    "serve": "Serve the guard over HTTP: checks, decisions, lookups.",
    "gateway": "Put the guard in front of an OpenAI-compatible model server.",
    "keys": "Create, rotate, revoke and list API keys; rotate the vault's key.",
    "policy": "Lint, test, compare, replay and activate guard policies.",
    "accounts": "Strikes, restrictions and secondary accounts, and what follows from them.",
    "effects": "What is to happen because of decisions: deliver, acknowledge, retry.",
    "notices": "What users, trusted flaggers and hotlines told of, and what became of it.",
    "cases": "What people decide: list, show, assign, hold, escalate.",
    "review": "Those who review: their floor, stand-ins, agreement, vocabularies, and a first case to try.",
    "appeals": "Who asked that a decision is looked at again, and what came of it.",
    "dsa": "Statements of reasons: list, show, check and export them for the Transparency Database.",
    "reports": "Reports to authorities: draft, preview, approve, file; and how each stands.",
    "authorities": "The authorities that reports go to: what is sent, what stops it, what they take.",
    "testkit": "Stand-ins for authorities, on this machine alone, for tests.",
    "users": "People who sign in: who they are, and what they may do.",
    "prevention": "Words and help services for those who are refused, and what they change.",
    "rollout": "Release models in stages, with a stop rule and a kill switch.",
    "local": "The guard for open-source builds: no server, no network.",
    "backup": "Write everything that seawall keeps into a folder, without the keys.",
    "restore": "Bring a backup back, into a new home and an empty database.",
    "db": "The database's schema.",
    "doctor": "Say what is wrong with this installation, and what to do about it.",
    "canary": "Harmless stand-ins that fire every path.",
}
"""Every command and its one line of help; `seawall.cli.NAME` has its Typer application as `app`."""

_INTERRUPTED = 130


class _LazyGroup(TyperGroup):
    """A group whose commands are imported when they are called, so that `seawall --help` stays quick."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        command = get_command(import_module(f"seawall.cli.{cmd_name.replace('-', '_')}").app)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


app = typer.Typer(
    cls=_LazyGroup, rich_markup_mode=None, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False
)


def _show_version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"seawall {version('seawall')}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Print the version."),
) -> None:
    """Safety by Design for generative AI, self-hosted."""


def _leave_at_once() -> NoReturn:
    """Leave without waiting for workers: they see that their parent is gone, and what they had committed stays."""
    typer.echo("interrupted; the same command resumes", err=True)
    sys.stderr.flush()
    os._exit(_INTERRUPTED)


def _explain(error: OSError) -> int:
    """Print what the system refused, and where; return the exit code."""
    place = f": {error.filename}" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        known: SeawallError = StorageFull(f"no space left{place}")
    else:
        known = SystemRefused(f"{os.strerror(error.errno or errno.EIO)}{place}")
    typer.echo(str(known), err=True)
    return int(known.exit_code)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line; never returns."""
    from typer._click.exceptions import ClickException, NoArgsIsHelpError, UsageError

    try:
        code = app(args=None if arguments is None else list(arguments), standalone_mode=False) or 0
        if code == _INTERRUPTED:
            _leave_at_once()
    except SeawallError as error:
        typer.echo(str(error), err=True)
        code = int(error.exit_code)
    except NoArgsIsHelpError as error:
        typer.echo(error.format_message(), err=True)
        code = int(ExitCode.USAGE)
    except ClickException as error:
        path = error.ctx.command_path if isinstance(error, UsageError) and error.ctx else "seawall"
        message = error.format_message().rstrip(".")
        typer.echo(f"error[usage]: {message} (see '{path} --help')", err=True)
        code = int(ExitCode.USAGE)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = int(ExitCode.CLEAN)
    except OSError as error:
        code = _explain(error)
    except Exception as error:  # noqa: BLE001 (a bug must not end with Python's exit code 1, which means findings)
        traceback.print_exception(error)
        typer.echo(f"error[internal]: {type(error).__name__} (this is a bug in seawall: please report it)", err=True)
        code = int(ExitCode.UNEXAMINED)
    sys.exit(code)
