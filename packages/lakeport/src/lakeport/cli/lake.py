"""`lakeport ls|cat`: files of a lake, or of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lakeport.cli import options
from lakeport.cli.places import places
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
@options.places
@click.option("-r", "--recursive", is_flag=True, help="Everything below, too.")
@options.profile
@options.common
@click.pass_obj
def ls(output: Output, *, urls: tuple[str, ...], recursive: bool, profile: str | None) -> None:
    """List what is in a directory, or what a pattern means: `*`, `?`, `[...]`, `{a,b}`, and `**` for any directories.

    \b
    lakeport ls local:provider:share-data
    lakeport ls 'local:provider:share-data/*/2030-*.csv'
    lakeport ls -r abfss://share-data@sourcestorage.dfs.core.windows.net/ --profile local:provider
    """
    count = total = 0
    for one in places(urls, profile):
        shown = [one.entry] if one.entry is not None and not recursive else one.below(recursive=recursive)
        for entry in shown:
            count, total = count + 1, total + entry.size_bytes
            is_directory = entry.is_directory
            output.result(
                f"{'-' if is_directory else entry.size_bytes:>12}  {entry.path}{'/' if is_directory else ''}",
                path=entry.path,
                is_directory=is_directory,
                size_bytes=entry.size_bytes,
                modified_at=entry.modified_at,
            )
    output.summary(entries=count, size_bytes=total)


@click.command()
@options.places
@options.profile
@options.common
@click.pass_obj
def cat(output: Output, *, urls: tuple[str, ...], profile: str | None) -> None:
    """Print files, one after the other; of what a pattern means, the files.

    \b
    lakeport cat local:provider:share-data/penguins/penguins.csv
    lakeport cat 'local:consumer:share-data/logs/2030-*.txt'
    """
    for one in places(urls, profile):
        is_directory = one.is_root or one.found().is_directory
        if is_directory and one.entry is None:
            raise Misused(f"{one.text} is a directory", hint="Next: lakeport ls")
        for chunk in () if is_directory else one.files.chunks(one.path):
            output.data(chunk)
