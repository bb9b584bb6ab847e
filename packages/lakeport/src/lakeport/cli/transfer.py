"""`lakeport cp|sync` and `lakeport transfer`: moving bytes, and going on where it stopped."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from lakeport.cli import options
from lakeport.cli.outcome import Partly, status_of_many
from lakeport.cli.output import Output, counted, is_dressed, size
from lakeport.errors import BadFile, Misused, NotFound
from lakeport.lake import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport.transfer import Outcome, Transfer
    from lakeport.transfer.digests import Wanted
    from lakeport.transfer.plan import Item
    from lakeport.transfer.run import Told

UNITS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3}
EVERY = 1.0
"""Seconds between two lines of progress, where there is no terminal."""

jobs = click.option("--jobs", default=16, show_default=True, type=click.IntRange(1, 64), help="Requests at once.")
md5 = click.option(
    "--md5",
    default="auto",
    show_default=True,
    type=click.Choice(["auto", "always", "never"]),
    help="Keep and compare the MD5 of large files; auto: unless it is slower than the way.",
)
limit = click.option("--limit", default="", metavar="RATE", help="Bytes a second at most, such as 500k or 20M.")


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.argument("target")
@click.option("-r", "--recursive", is_flag=True, help="A folder with everything below it.")
@jobs
@limit
@md5
@options.profile
@options.dry_run
@options.common
@click.pass_obj
def cp(
    output: Output,
    *,
    sources: tuple[str, ...],
    target: str,
    recursive: bool,
    jobs: int,
    limit: str,
    md5: Wanted,
    profile: str | None,
    dry_run: bool,
) -> None:
    """Copy files to a lake, from one, or from lake to lake; a folder's content goes below the target.

    Several sources, or a pattern (*, ?, [abc], {a,b}, ** for any directories), go into the target by their names.

    Many files, and parts of one, go at once; every byte is checked on arrival. Nobody sees half a file. What was
    interrupted goes on with `lakeport transfer resume`. From lake to lake, also of two tenants, the target reads
    the source itself; where it cannot, the bytes go through this machine.

    Exit status: 0, or 3 when some files did not arrive; 4 when none did because all were forbidden.

    \b
    lakeport cp -r ./penguins local:provider:share-data/penguins
    lakeport cp local:consumer:share-data/penguins/penguins.csv .
    lakeport cp -r local:provider:share-data/penguins local:consumer:share-data/copy
    lakeport cp 'local:provider:share-data/**/*.csv' tables
    """
    from lakeport import transfer  # noqa: PLC0415  (loads what few commands need)

    found = [parse(source) for source in sources]
    is_folder = target.endswith("/")
    decided = transfer.copy_all(found, parse(target), recursive=recursive, is_folder=is_folder, profile=profile)
    _do(output, decided, jobs=jobs, limit=limit, md5=md5, dry_run=dry_run)


@click.command()
@click.argument("source")
@click.argument("target")
@click.option("--include", multiple=True, metavar="PATTERN", help="Only these, such as '*.csv'; again for more.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Not these; again for more.")
@click.option("--delete", is_flag=True, help="Delete at the target what the source has not.")
@click.option("--force", is_flag=True, help="Delete at the target even when the source has nothing.")
@click.option("--checksum", is_flag=True, help="Compare MD5s in place of sizes and times.")
@jobs
@limit
@md5
@options.profile
@options.dry_run
@options.common
@click.pass_obj
def sync(
    output: Output,
    *,
    source: str,
    target: str,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    delete: bool,
    force: bool,
    checksum: bool,
    jobs: int,
    limit: str,
    md5: Wanted,
    profile: str | None,
    dry_run: bool,
) -> None:
    """Make a folder of a lake like one of this machine or of another lake, or the other way round.

    What is the same is not sent: files are when their sizes are and the target is not older.

    Exit status: 0, or 3 when some files did not arrive; 4 when none did because all were forbidden.

    \b
    lakeport sync ./reports contoso:gold/reports --exclude '*.tmp' --dry-run
    lakeport sync contoso:gold/reports ./reports --delete
    """
    from lakeport import transfer  # noqa: PLC0415

    rules = transfer.Rules(transfer.Filter(include, exclude), checksums=checksum, deletes=delete, empties=force)
    decided = transfer.sync(parse(source), parse(target), rules, profile=profile)
    _do(output, decided, jobs=jobs, limit=limit, md5=md5, dry_run=dry_run)


@click.group("transfer")
def transfer_() -> None:
    """Look at transfers, and go on with one that was interrupted.

    \b
    lakeport transfer list
    lakeport transfer resume 20300102-0304
    """


@transfer_.command("list")
@options.common
@click.pass_obj
def list_(output: Output) -> None:
    """List the transfers of the last 30 days, oldest first.

    Exit status: 0, or 3 when the journal of one cannot be read.

    \b
    lakeport transfer list --json
    """
    from lakeport.transfer import journal  # noqa: PLC0415

    found, unread = journal.listed(), list[str]()
    for name in found:
        try:
            header, plan, progress = journal.read(name)
        except NotFound:  # it has been removed meanwhile
            continue
        except BadFile as error:
            unread.append(name)
            output.result(f"{name}  unreadable   {error}", transfer=name, state="unreadable", error=str(error))
            continue
        state = progress.ended or "interrupted"
        text = f"{name}  {state:<11}  {len(progress.done)}/{counted(len(plan.items), 'file')}  {header.source} -> {header.target}"
        output.result(
            text,
            transfer=name,
            state=state,
            files=len(plan.items),
            done=len(progress.done),
            failed=len(progress.failed),
            source=header.source,
            target=header.target,
        )
    if not found:
        output.say("there is no transfer yet. Next: lakeport cp, or lakeport sync")
    output.summary(transfers=len(found), unreadable=len(unread), status="partly" if unread else "done")
    if unread:
        raise Partly


@transfer_.command("show")
@click.argument("name")
@options.common
@click.pass_obj
def show(output: Output, *, name: str) -> None:
    """Show what a transfer has moved, file by file, and why some did not arrive.

    \b
    lakeport transfer show 20300102-0304
    """
    from lakeport.transfer import journal  # noqa: PLC0415

    header, plan, progress = journal.read(name)
    for number, item in enumerate(plan.items):
        parts = len(progress.parts.get(number, ()))
        state = "done" if number in progress.done else "failed" if number in progress.failed else "waiting"
        told = (
            f": {progress.failed[number]}"
            if state == "failed"
            else f" ({parts} of {item.parts} parts)"
            if parts
            else ""
        )
        output.result(
            f"{state:<8} {item.source} -> {item.target}{told if state != 'done' else ''}",
            state=state,
            source=item.source,
            target=item.target,
            size_bytes=item.size_bytes,
            said=progress.failed.get(number, ""),
        )
    output.summary(transfer=header.transfer, state=progress.ended or "interrupted")


@transfer_.command("resume")
@click.argument("name")
@jobs
@limit
@md5
@options.common
@click.pass_obj
def resume(output: Output, *, name: str, jobs: int, limit: str, md5: Wanted) -> None:
    """Go on with a transfer: what arrived is not sent again, not even the parts of a file.

    \b
    lakeport transfer resume 20300102-0304
    """
    from lakeport import transfer  # noqa: PLC0415

    _do(output, transfer.resume(name), jobs=jobs, limit=limit, md5=md5, dry_run=False)


def _do(output: Output, decided: Transfer, *, jobs: int, limit: str, md5: Wanted, dry_run: bool) -> None:
    plan = decided.plan
    if dry_run:
        for item in plan.items:
            output.result(
                f"would copy {item.source} -> {item.target}",
                source=item.source,
                target=item.target,
                size_bytes=item.size_bytes,
            )
        for path in plan.deletions:
            output.result(f"would delete {path}", delete=path)
        output.say(
            f"would copy {counted(len(plan.items), 'file')}, {size(plan.size_bytes)}; {counted(plan.same, 'file')} the same"
        )
        output.summary(
            files=len(plan.items),
            size_bytes=plan.size_bytes,
            deletions=len(plan.deletions),
            same=plan.same,
            status="planned",
        )
        return
    rate = _rate(limit)
    try:
        with _told(output, plan.size_bytes, len(plan.items)) as told:
            outcome = decided.run(workers=jobs, bytes_per_second=rate, md5=md5, told=told)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"lakeport transfer resume {decided.header.transfer}") from None
    except BrokenPipeError:  # a listing may stop unheard; of a transfer something is left
        output.say(
            f"lakeport: nobody reads the results any more. Next: lakeport transfer resume {decided.header.transfer}"
        )
        raise
    _tell(output, decided, outcome)


def _tell(output: Output, decided: Transfer, outcome: Outcome) -> None:
    for source, said in sorted(outcome.failures.items()):
        output.result(f"failed {source}: {said}", source=source, error=said)
    rate = outcome.size_bytes / outcome.seconds if outcome.seconds else 0.0
    same = f", {counted(decided.plan.same, 'file')} the same" if decided.plan.same else ""
    deleted = f", deleted {outcome.deleted}" if outcome.deleted else ""
    output.say(
        f"copied {counted(outcome.files, 'file')}, {size(outcome.size_bytes)} at {size(int(rate))}/s{same}{deleted}"
    )
    if outcome.through_here:
        output.say("the target could not read the source itself: the bytes went through this machine")
    output.summary(
        transfer=decided.header.transfer,
        files=outcome.files,
        size_bytes=outcome.size_bytes,
        same=decided.plan.same,
        deleted=outcome.deleted,
        failed=len(outcome.failures),
        seconds=round(outcome.seconds, 3),
        through_here=outcome.through_here,
        status="failed" if outcome.failures else "done",
    )
    if outcome.failures:
        output.say(
            f"{counted(len(outcome.failures), 'file')} failed. Next: lakeport transfer resume {decided.header.transfer}"
        )
        did_any = bool(outcome.files or outcome.deleted)
        raise Partly(status_of_many(outcome.kinds, did_any=did_any))


@contextmanager
def _told(output: Output, total: int, files: int) -> Iterator[Told]:
    """Show how far it came: a bar on a terminal, else a line for each file and one now and then."""
    if not is_dressed(sys.stderr) or output.is_json:
        yield _lines(output, total, files)
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn  # noqa: PLC0415

    columns = (
        TextColumn("{task.fields[files]}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total, files=f"0/{files}")
        yield lambda outcome, _item: bar.update(task, completed=outcome.size_bytes, files=f"{outcome.files}/{files}")


def _lines(output: Output, total: int, files: int) -> Told:
    lock, last = threading.Lock(), [time.monotonic()]

    def told(outcome: Outcome, item: Item | None) -> None:
        with lock:
            if item is not None:
                text = f"{item.source} -> {item.target}"
                output.result(text, source=item.source, target=item.target, size_bytes=item.size_bytes)
            if time.monotonic() - last[0] < EVERY:
                return
            last[0] = time.monotonic()
        if output.is_json:
            output.result(
                "", progress=True, files=outcome.files, size_bytes=outcome.size_bytes, of_files=files, of_bytes=total
            )
        else:
            output.say(f"{outcome.files}/{files} files, {size(outcome.size_bytes)} of {size(total)}")

    return told


def _rate(text: str) -> int | None:
    if not text:
        return None
    number, unit = text.rstrip("kKmMgG"), text[-1:].lower() if text[-1:].isalpha() else ""
    try:
        rate = int(float(number) * UNITS[unit])
    except (ValueError, KeyError):
        rate = 0
    if rate <= 0:
        raise Misused(f"--limit {text!r} is no rate", hint="Write bytes a second, such as 500k or 20M")
    return rate
