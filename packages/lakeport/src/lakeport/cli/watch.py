"""`lakeport receive watch`: the receiving side kept in step, unattended."""

from __future__ import annotations

import signal
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lakeport.cli import options, sides
from lakeport.cli.snapshots import archive_option, keep
from lakeport.clock import SystemClock
from lakeport.errors import LakeportError, NotFound
from lakeport.share.archive import Archive
from lakeport.share.metrics import Metrics, MetricsServer
from lakeport.share.watching import Round, StoppableClock, Watcher

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from lakeport.cli.output import Output
    from lakeport.share import Session, Step


@click.command()
@options.desired("receive.yaml")
@options.grant
@click.option("--every", type=click.FloatRange(1), default=300, metavar="SECONDS", help="Between looks; default 300.")
@click.option("--jitter", type=click.FloatRange(0, 0.9), default=0.2, metavar="PART", help="Of it, drawn; default 0.2.")
@click.option("--rounds", type=click.IntRange(1), metavar="N", help="End after so many looks.")
@click.option("--metrics-port", type=click.IntRange(0, 65535), metavar="PORT", help="Show numbers at 127.0.0.1:PORT.")
@click.option("--metrics-file", type=click.Path(dir_okay=False, path_type=Path), help="Keep numbers in a text file.")
@archive_option
@click.pass_obj
def watch(
    output: Output,
    *,
    file: Path,
    env: Path | None,
    profile: str | None,
    grant: bool,
    every: float,
    jitter: float,
    rounds: int | None,
    metrics_port: int | None,
    metrics_file: Path | None,
    archive: Path | None,
) -> None:
    """Keep the receiving side in step until asked to end: accept what the rules allow, map what is new, follow the schedule.

    Ends on SIGTERM or SIGINT after the request under way. The file is read again when it changes.

    \b
    lakeport receive watch receive.yaml --grant --every 60
    lakeport receive watch receive.yaml --metrics-port 9464
    """
    clock, metrics = StoppableClock(SystemClock()), Metrics()
    begin = _beginning(env or file, clock, lambda: sides.consumer(output, file, env, profile, grant=grant))
    begin()  # a wrong file is told at once, by the exit status
    kept = Archive(archive) if archive is not None else None
    last: list[str] = []

    def heard(found: Round) -> None:
        metrics.add(found)
        if metrics_file is not None:
            metrics.write(metrics_file)
        if kept is not None and found.is_good:
            _keep(output, kept, begin())
        _tell(output, found, last)

    def told(step: Step) -> None:
        output.result(step.sentence(done=True), **sides.fields(step), status="done")

    watcher = Watcher(begin, clock, timedelta(seconds=every), jitter, heard, told)
    server = MetricsServer(metrics, metrics_port) if metrics_port is not None else None
    if server is not None:
        output.say(f"metrics at {server.url}")
    try:
        with _ending(clock):
            watcher.run(rounds)
    finally:
        if server is not None:
            server.close()
    count = int(metrics.values["lakeport_rounds_total"])
    output.summary(status="ended", rounds=count, failed=int(metrics.values["lakeport_failed_rounds_total"]))
    output.say(f"ended after {count} looks")


def _beginning(file: Path, clock: StoppableClock, read: Callable[[], Session]) -> Callable[[], Session]:
    """Return what gives the session of a round: the one of the last round while the file is the same."""
    kept: dict[bytes, Session] = {}

    def begin() -> Session:
        text = file.read_bytes() if file.exists() else b""
        if text not in kept:
            found = replace(read(), clock=clock)
            kept.clear()
            kept[text] = found
        return kept[text]

    return begin


def _keep(output: Output, kept: Archive, session: Session) -> None:
    try:
        for name in sides.received_names(session, None):
            keep(kept, session, name)
    except NotFound:
        return  # nothing was received yet
    except LakeportError as error:
        output.say(f"note: runs were not archived: {error}")


def _tell(output: Output, found: Round, last: list[str]) -> None:
    """Say what is new: a round like the one before says nothing."""
    said = [f"held: {error}" for error in found.plan.held]
    if found.error is not None:
        said.append(f"lakeport: {found.error}")
    for line in said:
        if line not in last:
            output.say(line)
    if last and not said:
        output.say("all is well again")
    last[:] = said


class _ending:  # noqa: N801  (a context manager, used as a word)
    """While it lasts, SIGTERM and SIGINT end waits in place of the process; a second one ends the process."""

    def __init__(self, clock: StoppableClock) -> None:
        self._clock = clock
        self._before: dict[int, object] = {}

    def __enter__(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._before[number] = signal.signal(number, self._heard)

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        self._clock.stop()
        signal.signal(number, signal.SIG_DFL)

    def __exit__(self, *_error: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]
