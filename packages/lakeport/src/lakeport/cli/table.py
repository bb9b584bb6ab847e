"""`lakeport table`: look into tables of a lake or of this machine, convert them, write them."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from lakeport.cli import options
from lakeport.cli.output import counted, is_dressed, size
from lakeport.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakeport.cli.output import Output
    from lakeport.tables import Scan, Written
    from lakeport.tables.statistics import ColumnStats

EVERY = 1.0
"""Seconds between two lines of progress, where there is no terminal."""
MOST_SHOWN = 32
"""How long a value of a column may be in a line for people."""
FORMATS = ("parquet", "csv", "tsv", "jsonl", "feather", "arrows", "delta")


def wanted(command: Callable[..., Any]) -> Callable[..., Any]:  # Any: a command's own parameters
    """Add what says which part of which table is meant."""
    columns = click.option("--columns", metavar="A,B", default="", help="Only these columns, in this order.")
    where = click.option("--where", metavar="CONDITION", default="", help="Only rows such as: year = 2030 and n > 5")
    kind = click.option(
        "--format",
        "file_format",
        type=click.Choice(FORMATS),
        help="How it is written; else its name or beginning says.",
    )
    version = click.option("--version", type=click.IntRange(0), help="An earlier state of a Delta table.")
    types = click.option(
        "--type", "types", multiple=True, metavar="COLUMN=TYPE", help="A column's type in CSV or JSON lines."
    )
    return columns(where(kind(version(types(options.profile(options.common(command)))))))


def scanned(
    url: str,
    *,
    columns: str,
    where: str,
    file_format: str | None,
    version: int | None,
    types: tuple[str, ...],
    profile: str | None,
) -> Scan:
    """Return the part of a table that a command line means.

    Raises:
        LakeportError: It cannot be read.
    """
    from lakeport import tables  # noqa: PLC0415  (an extra)

    return tables.scan(
        url,
        columns=listed(columns),
        where=where,
        file_format=file_format or "",
        types=dict(_pair(one) for one in types),
        version=version,
        profile=profile or "",
    )


def listed(text: str) -> list[str]:
    """Return names that commas part.

    Example:
        >>> listed("a, b"), listed("")
        (['a', 'b'], [])
    """
    return [one.strip() for one in text.split(",") if one.strip()]


def _pair(text: str) -> tuple[str, str]:
    name, sign, kind = text.rpartition("=")
    if not (name and sign and kind):
        raise Misused(f"--type {text} is not COLUMN=TYPE", hint="Write such as --type zip=string")
    return name, kind


@click.group()
def table() -> None:
    """Look into tables, in a lake or on this machine, convert them, write them.

    \b
    lakeport table head local:provider:share-data/penguins/penguins.csv
    lakeport table head local:consumer:share-data/penguins -n 5
    """


@table.command("head")
@click.argument("url")
@click.option("-n", "--rows", type=click.IntRange(0), default=10, show_default=True, help="How many rows.")
@wanted
@click.pass_obj
def head(output: Output, /, *, url: str, rows: int, **meant: Any) -> None:  # Any: what `wanted` adds
    """Print the first rows of a table: a file, or a directory of files of one format.

    \b
    lakeport table head local:consumer:share-data/penguins/parquet
    lakeport table head local:consumer:share-data/penguins.csv -n 3 --where "species = 'Gentoo'"
    """
    found = scanned(url, **meant).head(rows)
    output.table(list(found.column_names), [list(row.values()) for row in found.to_pylist()])
    output.summary(rows=found.num_rows)


@table.command("schema")
@click.argument("url")
@wanted
@click.pass_obj
def schema(output: Output, /, *, url: str, **meant: Any) -> None:  # Any: what `wanted` adds
    """Print a table's columns with their types.

    \b
    lakeport table schema local:consumer:share-data/penguins/parquet
    lakeport table schema sales.csv.gz --type zip=string
    """
    found = scanned(url, **meant)
    output.table(["column", "type", "nullable"], [[one.name, str(one.type), one.nullable] for one in found.schema])
    output.summary(columns=len(found.columns), format=found.format, files=found.files)


@table.command("stats")
@click.argument("url")
@wanted
@click.pass_obj
def stats(output: Output, /, *, url: str, **meant: Any) -> None:  # Any: what `wanted` adds
    """Read a table once and print, for each column, what it holds; a number of values with ~ is an estimate.

    \b
    lakeport table stats local:consumer:share-data/penguins/parquet
    lakeport table stats sales.csv.gz --columns price,zip --type zip=string
    """
    from lakeport import tables  # noqa: PLC0415  (an extra)

    part = scanned(url, **meant)
    with progress(output, None) as told:
        found = tables.stats(part, told=told)
    if output.is_json:
        for one in found.columns:
            output.result("", **{name: getattr(one, name) for name in type(one).__dataclass_fields__})
    else:
        head = ["column", "type", "nulls", "least", "greatest", "distinct", "size"]
        output.table(head, [_line(one) for one in found.columns])
    groups = "" if found.row_groups is None else f", {counted(found.row_groups, 'row group')}"
    output.say(
        f"{found.format}: {counted(found.rows, 'row')} in {counted(found.files, 'file')}{groups}, {size(found.size_bytes)}"
    )
    output.summary(
        format=found.format,
        rows=found.rows,
        files=found.files,
        row_groups=found.row_groups,
        size_bytes=found.size_bytes,
    )


def _line(one: ColumnStats) -> list[object]:
    distinct = "" if one.distinct is None else f"{'~' if one.is_estimated else ''}{one.distinct}"
    taken = "" if one.size_bytes is None else size(one.size_bytes)
    return [one.name, one.type, one.nulls, _short(one.least), _short(one.greatest), distinct, taken]


def _short(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"


def target(command: Callable[..., Any]) -> Callable[..., Any]:  # Any: a command's own parameters
    """Add what says how a table is written."""
    kind = click.option("--to", "to", type=click.Choice(FORMATS), help="In which format; else its name says.")
    mode = click.option(
        "--mode",
        type=click.Choice(["error", "overwrite", "append"]),
        default="error",
        show_default=True,
        help="What becomes of a table that is there.",
    )
    by = click.option("--partition-by", metavar="A,B", default="", help="Columns that become directories.")
    compression = click.option("--compression", metavar="NAME", default="", help="Of Parquet or Arrow files.")
    return kind(mode(by(compression(options.dry_run(command)))))


@table.command("convert")
@click.argument("source")
@click.argument("into")
@target
@wanted
@click.pass_obj
def convert(
    output: Output,
    /,
    *,
    source: str,
    into: str,
    to: str | None,
    mode: str,
    partition_by: str,
    compression: str,
    dry_run: bool,
    **meant: Any,  # Any: what `wanted` adds
) -> None:
    """Write a table, or a part of it, in another format or place; it appears whole, or not at all.

    \b
    lakeport table convert sales.csv.gz local:provider:share-data/sales/ --to parquet --partition-by year
    lakeport table convert local:consumer:share-data/penguins/parquet gentoo.csv --where "species = 'Gentoo'"
    """
    part = scanned(source, **meant)
    total = (
        part.count() if is_dressed(sys.stderr) and not meant["where"] and part.format in {"parquet", "delta"} else None
    )
    how = _How(into, to or "", mode, listed(partition_by), compression, meant["profile"] or "")
    _write(output, part, how, total=total, dry_run=dry_run)


@table.command("write")
@click.argument("into")
@click.option(
    "--from",
    "source",
    type=click.Choice(["csv", "tsv", "jsonl", "arrows"]),
    help="What comes in; else its beginning says.",
)
@click.option("--type", "types", multiple=True, metavar="COLUMN=TYPE", help="A column's type in CSV or JSON lines.")
@target
@options.profile
@options.common
@click.pass_obj
def write(
    output: Output,
    *,
    into: str,
    source: str | None,
    types: tuple[str, ...],
    to: str | None,
    mode: str,
    partition_by: str,
    compression: str,
    dry_run: bool,
    profile: str | None,
) -> None:
    """Write what comes in on stdin as a table: CSV, JSON lines or an Arrow stream, compressed or not.

    \b
    psql -c "copy sales to stdout csv header" | lakeport table write local:provider:share-data/sales.parquet
    cat events.jsonl.zst | lakeport table write local:provider:share-data/events --to delta --mode append
    """
    from lakeport import tables  # noqa: PLC0415  (an extra)

    found = tables.incoming(sys.stdin.buffer, source or "", dict(_pair(one) for one in types))
    how = _How(into, to or "", mode, listed(partition_by), compression, profile or "")
    _write(output, found, how, total=None, dry_run=dry_run)


class _How(NamedTuple):
    into: str
    to: str
    mode: str
    by: list[str]
    compression: str
    profile: str


def _write(output: Output, rows: object, how: _How, *, total: int | None, dry_run: bool) -> None:
    from lakeport import tables  # noqa: PLC0415  (an extra)

    if dry_run:
        aim = tables.planned(
            how.into,
            file_format=how.to,
            mode=how.mode,
            partition_by=how.by,
            compression=how.compression,
            profile=how.profile,
        )
        output.result(f"would write {aim}", target=how.into)
        output.summary(status="planned")
        return
    with progress(output, total) as told:
        done = tables.write(
            rows,
            how.into,
            file_format=how.to,
            mode=how.mode,
            partition_by=how.by,
            compression=how.compression,
            profile=how.profile,
            told=told,
        )
    _tell(output, done, how)


def _tell(output: Output, done: Written, how: _How) -> None:
    taken = f", {size(done.size_bytes)}" if done.size_bytes else ""
    text = f"wrote {done.title}: {counted(done.rows, 'row')} as {done.format} in {counted(done.files, 'file')}{taken}"
    output.result(
        text, target=how.into, format=done.format, rows=done.rows, files=done.files, size_bytes=done.size_bytes
    )
    if how.mode == "error":
        is_one = done.files == 1 and not how.into.endswith("/") and not how.by and done.format != "delta"
        output.say(f"undo: lakeport rm {'' if is_one else '-r '}{how.into}")
    output.summary(status="done", rows=done.rows, files=done.files, size_bytes=done.size_bytes)


@contextmanager
def progress(output: Output, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show how many rows have passed: a bar on a terminal, else a line now and then."""
    if is_dressed(sys.stderr) and not output.is_json:
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("rows"), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=total)
            yield lambda rows: bar.update(task, completed=rows)
        return
    last = [time.monotonic()]

    def told(rows: int) -> None:
        if time.monotonic() - last[0] >= EVERY:
            last[0] = time.monotonic()
            if output.is_json:
                output.result("", progress=True, rows=rows)
            else:
                output.say(f"{counted(rows, 'row')} so far")

    yield told
