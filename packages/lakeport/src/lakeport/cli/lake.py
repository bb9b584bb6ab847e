"""`lakeport ls|cat`: files of a lake."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from lakeport.cli import options
from lakeport.errors import Misused
from lakeport.lake import FileSystem, LakeUrl, parse, profile_of

if TYPE_CHECKING:
    from lakeport.cli.output import Output


def located(text: str, profile: str | None) -> tuple[FileSystem, LakeUrl]:
    """Return the file system that a text on the command line is in, and the place in it.

    Raises:
        Misused: It is no place in a lake.
    """
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
    lake, place = located(url, profile)
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
    lake, place = located(url, profile)
    if not place.path or lake.entry(place.path).is_directory:
        raise Misused(f"{url} is a directory", hint="Next: lakeport ls")
    for chunk in lake.chunks(place.path):
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()
