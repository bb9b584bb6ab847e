"""`lakeport ls|cat|cp` and `lakeport table`: files of a lake."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from lakeport.cli import options
from lakeport.cli.output import Output, counted, size
from lakeport.errors import Misused
from lakeport.lake import FileSystem, LakeUrl, copying, parse, profile_of


def _lake(text: str, profile: str | None) -> tuple[FileSystem, LakeUrl]:
    url = parse(text)
    if not isinstance(url, LakeUrl):
        raise Misused(f"{text!r} is no place in a lake", hint="Write PROFILE:FILE_SYSTEM/PATH or an abfss:// URL")
    return FileSystem.at(url, profile_of(url, profile)), url


@click.command()
@click.argument("url")
@click.option("-r", "--recursive", is_flag=True, help="Everything below, too.")
@options.profile
@options.common
@click.pass_obj
def ls(output: Output, *, url: str, recursive: bool, profile: str | None) -> None:
    """List what is in a lake.

    \b
    lakeport ls local:provider:share-data
    lakeport ls -r abfss://share-data@sourcestorage.dfs.core.windows.net/ --profile local:provider
    """
    lake, place = _lake(url, profile)
    count = total = 0
    for one in lake.entries(place.path, recursive=recursive):
        count, total = count + 1, total + one.size_bytes
        text = f"{'-' if one.is_directory else one.size_bytes:>12}  {one.path}{'/' if one.is_directory else ''}"
        output.result(
            text, path=one.path, is_directory=one.is_directory, size_bytes=one.size_bytes, modified_at=one.modified_at
        )
    output.summary(entries=count, size_bytes=total)


@click.command()
@click.argument("url")
@options.profile
@options.common
@click.pass_obj
def cat(output: Output, *, url: str, profile: str | None) -> None:
    """Print a file of a lake.

    \b
    lakeport cat local:provider:share-data/penguins/penguins.csv
    lakeport cat local:consumer:share-data/notes.txt
    """
    del output
    lake, place = _lake(url, profile)
    if not place.path or lake.entry(place.path).is_directory:
        raise Misused(f"{url} is a directory", hint="Next: lakeport ls")
    for chunk in lake.chunks(place.path):
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


@click.command()
@click.argument("source")
@click.argument("target")
@click.option("-r", "--recursive", is_flag=True, help="A folder with everything below it.")
@options.profile
@options.dry_run
@options.common
@click.pass_obj
def cp(output: Output, *, source: str, target: str, recursive: bool, profile: str | None, dry_run: bool) -> None:
    """Copy files between this machine and a lake; a folder's content goes below the target.

    \b
    lakeport cp -r ./penguins local:provider:share-data/penguins
    lakeport cp local:consumer:share-data/penguins/penguins.csv .
    """
    here, there = parse(source), parse(target)
    if isinstance(here, Path) and isinstance(there, LakeUrl):
        lake = FileSystem.at(there, profile_of(there, profile))
        is_folder = target.endswith("/") or not there.path
        copies = copying.plan_upload(
            here, f"{there.path}/" if is_folder and there.path else there.path, recursive=recursive
        )
        run = copying.upload
    elif isinstance(here, LakeUrl) and isinstance(there, Path):
        lake = FileSystem.at(here, profile_of(here, profile))
        copies = copying.plan_download(lake, here.path, there, recursive=recursive)
        run = copying.download
    else:
        raise Misused(
            "one side must be a lake and the other a local path", hint="Lakes are PROFILE:PATH or abfss:// URLs"
        )
    for copy in copies if dry_run else ():
        output.result(f"would copy {copy.source} -> {copy.target}", source=copy.source, target=copy.target)
    total = 0
    for done in () if dry_run else run(copies, lake):
        total += done.size_bytes
        text = f"{done.copy.source} -> {done.copy.target}"
        output.result(text, source=done.copy.source, target=done.copy.target, size_bytes=done.size_bytes, md5=done.md5)
    verb = "would copy" if dry_run else "copied"
    output.say(f"{verb} {counted(len(copies), 'file')}{'' if dry_run else ', ' + size(total)}")
    output.summary(files=len(copies), size_bytes=total, status="planned" if dry_run else "done")


@click.group()
def table() -> None:
    """Look into tables of a lake.

    \b
    lakeport table head local:provider:share-data/penguins/penguins.csv
    lakeport table head local:consumer:share-data/penguins -n 5
    """


@table.command("head")
@click.argument("url")
@click.option("-n", "--rows", type=click.IntRange(0), default=10, show_default=True, help="How many rows.")
@options.profile
@options.common
@click.pass_obj
def head(output: Output, *, url: str, rows: int, profile: str | None) -> None:
    """Print the first rows of a CSV or Parquet file, or of the first one in a directory.

    \b
    lakeport table head local:consumer:share-data/penguins/parquet
    lakeport table head local:consumer:share-data/penguins.csv -n 3
    """
    from lakeport.lake.tables import head as first_rows  # noqa: PLC0415  (an extra)

    lake, place = _lake(url, profile)
    columns, found = first_rows(lake, place.path, rows)
    output.table(columns, found)
    output.summary(rows=len(found))
