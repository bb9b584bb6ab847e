"""How a command ends: its exit status, and one clear line when it failed."""

from __future__ import annotations

import shutil
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING

import click

from lakeport import errors
from lakeport.cli.output import Output, is_dressed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FAILED, MISUSED, PARTLY, FORBIDDEN, NOT_FOUND, INTERRUPTED = 1, 2, 3, 4, 5, 130
NARROW = 60
"""On terminals of fewer columns help comes without frames, which would cut the names of options off."""
STATUSES: tuple[tuple[type[errors.LakeportError], int], ...] = (
    (errors.Misused, MISUSED),
    (errors.NotSignedIn, FORBIDDEN),
    (errors.Forbidden, FORBIDDEN),
    (errors.NotFound, NOT_FOUND),
)


class _Narrow(click.HelpFormatter):
    """Help whose names stand above what is said of them, where they are long."""

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 14, col_spacing: int = 2) -> None:
        """Write names and what they mean."""
        super().write_dl(rows, col_max, col_spacing)


class Partly(Exception):
    """A command did some of what it was asked, and has said what is left.

    Args:
        status: The exit status.
    """

    def __init__(self, status: int = PARTLY) -> None:
        super().__init__(status)
        self.status = status


def exit_status(error: errors.LakeportError) -> int:
    """Return the exit status that an error means."""
    return _status_of(type(error))


def _status_of(kind: type[errors.LakeportError]) -> int:
    return next((status for cls, status in STATUSES if issubclass(kind, cls)), FAILED)


def status_of_many(kinds: Iterable[type[errors.LakeportError]], *, did_any: bool) -> int:
    """Return the exit status of a command that did several things, of which some failed.

    Args:
        kinds: The errors.
        did_any: Something was done.

    Example:
        >>> status_of_many([errors.Forbidden, errors.NotSignedIn], did_any=False)
        4
        >>> status_of_many([errors.Forbidden], did_any=True), status_of_many([errors.NotFound], did_any=False)
        (3, 3)
    """
    is_shut_out = not did_any and {_status_of(kind) for kind in kinds} == {FORBIDDEN}
    return FORBIDDEN if is_shut_out else PARTLY


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit status; nothing that fails leaves a traceback."""
    columns = shutil.get_terminal_size().columns
    if is_dressed(sys.stdout) and columns >= NARROW and len(arguments) > 1 and "--help" in arguments:
        _dress_help()
    from lakeport.cli.root import cli  # noqa: PLC0415  (after the patch)

    if arguments and not arguments[0].startswith("-"):
        _quiet_libraries()
    _print_any_name()
    output = Output("--json" in arguments, "--verbose" in arguments or "-v" in arguments)
    width = None
    if columns < NARROW:
        width, click.Context.formatter_class = columns - 1, _Narrow
    try:
        cli.main(list(arguments), prog_name="lakeport", standalone_mode=False, obj=output, terminal_width=width)
    except errors.LakeportError as error:
        return failed(error, output)
    except (click.ClickException, click.exceptions.Exit) as error:
        return _told_by_click(error, output)
    except (Partly, KeyboardInterrupt, click.Abort, BrokenPipeError) as error:
        return _stopped(error, output)
    except Exception as error:  # noqa: BLE001  (the outermost edge)
        return _defect(error, output)
    return 0


def _print_any_name() -> None:
    """Let names be printed that the terminal's encoding has no letters for, or that are no text at all."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            is_utf_8 = stream.encoding.lower().replace("-", "") == "utf8"
            stream.reconfigure(errors="surrogateescape" if is_utf_8 else "backslashreplace")


def _of_the_system(error: OSError) -> errors.LakeportError:
    named = error.filename2 or error.filename
    said = errors.LakeportError(f"{f'{named}: ' if named else ''}{error.strerror or type(error).__name__}")
    said.__cause__ = error
    return said


def _told_by_click(error: click.ClickException | click.exceptions.Exit, output: Output) -> int:
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return _ended(output, MISUSED, "Misused", "a command is missing")
    said = errors.one_line(error.format_message()).removesuffix("?").removesuffix(".")
    mark = "?" if "Did you mean" in said else "."
    output.say(f"lakeport: {said}{mark} {_help_for(error)}")
    return _ended(output, MISUSED, "Misused", said, hint=_help_for(error))


def _ended(output: Output, status: int, error: str, message: str, **more: str) -> int:
    """Say to programs how a command ended, and return its exit status."""
    if output.is_json:
        shown = {"request_id": "", "error": error, "code": "", "message": message, "hint": ""}
        try:
            output.summary(status="failed", exit_status=status, **{**shown, **more})
        except OSError:  # nobody reads it there; the status tells it
            return status
    return status


def _stopped(error: BaseException, output: Output) -> int:
    if isinstance(error, Partly):
        return error.status
    if isinstance(error, BrokenPipeError):  # whoever read our results has enough
        return FAILED
    said = str(error) or str(error.__cause__ or "")  # click puts an error of its own in the place of an interrupt
    hint = f"Next: {said or 'the same command continues'}"
    output.say(f"lakeport: interrupted. {hint}")
    return _ended(output, INTERRUPTED, "Interrupted", "interrupted", hint=hint)


def _quiet_libraries() -> None:
    """Keep libraries from saying on stderr, in their words, what we say in ours."""
    import logging  # noqa: PLC0415  (the list of all commands must come at once)

    for name in ("azure", "msal", "urllib3"):
        logging.getLogger(name).addHandler(logging.NullHandler())


def _dress_help() -> None:
    """Print a command's help in colour: on a terminal only, and not the list of all commands, which must come at once."""
    from rich_click.patch import patch  # noqa: PLC0415

    patch()


def failed(error: errors.LakeportError, output: Output) -> int:
    """Say one line about an error, with its causes when asked to, and return the exit status it means."""
    output.say(f"lakeport: {error}")
    cause: BaseException | None = error.__cause__
    while output.verbose and cause is not None:
        output.say(f"  because: {type(cause).__name__}: {errors.one_line(str(cause))}")
        cause = cause.__cause__ or cause.__context__
    status = exit_status(error)
    more = {"code": error.code, "hint": error.hint, "request_id": error.request_id}
    return _ended(output, status, type(error).__name__, error.message, **more)


def _help_for(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"Next: {context.command_path} --help" if context else "Next: lakeport --help"


def _defect(error: Exception, output: Output) -> int:
    if isinstance(error, OSError):  # a file or folder of this machine
        return failed(_of_the_system(error), output)
    output.say(f"lakeport: this should not happen: {type(error).__name__}: {errors.one_line(str(error))}")
    if output.verbose:
        import traceback  # noqa: PLC0415  (for defects only)

        output.say("".join(traceback.format_exception(error)))
    else:
        output.say("Next: run it again with --verbose and report what it says")
    said = f"{type(error).__name__}: {errors.one_line(str(error))}"
    return _ended(output, FAILED, "Defect", said, hint="Next: run it again with --verbose and report what it says")
