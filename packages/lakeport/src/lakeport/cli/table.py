"""`lakeport table`: look into tables of a lake or of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lakeport.cli import options
from lakeport.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport.cli.output import Output
    from lakeport.tables import Scan

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
    types = click.option(
        "--type", "types", multiple=True, metavar="COLUMN=TYPE", help="A column's type in CSV or JSON lines."
    )
    return columns(where(kind(types(options.profile(options.common(command))))))


def scanned(
    url: str, *, columns: str, where: str, file_format: str | None, types: tuple[str, ...], profile: str | None
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
