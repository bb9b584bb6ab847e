"""`lakeport tree|stat|du|mkdir|mv|rm`: what lies in a lake, and putting it in order."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from lakeport.cli import options
from lakeport.cli.lake import located
from lakeport.cli.output import counted, size
from lakeport.errors import Misused

if TYPE_CHECKING:
    from lakeport.cli.output import Output

INDENT = "  "


@click.command()
@click.argument("url")
@click.option("-L", "--depth", default=0, metavar="N", type=click.IntRange(0), help="No deeper than this; 0: all.")
@options.profile
@options.common
@click.pass_obj
def tree(output: Output, *, url: str, depth: int, profile: str | None) -> None:
    """Draw what is below a directory.

    \b
    lakeport tree local:provider:share-data
    lakeport tree local:provider:share-data/penguins -L 2
    """
    lake, place = located(url, profile)
    base, files, directories = place.path.count("/") + 1 if place.path else 0, 0, 0
    for one in sorted(lake.entries(place.path, recursive=True), key=lambda entry: entry.path.split("/")):
        level = one.path.count("/") - base + 1
        if depth and level > depth:
            continue
        files, directories = files + (not one.is_directory), directories + one.is_directory
        name = one.path.rpartition("/")[2] + ("/" if one.is_directory else f"  {size(one.size_bytes)}")
        text = INDENT * (level - 1) + name
        output.result(text, path=one.path, is_directory=one.is_directory, size_bytes=one.size_bytes)
    said = f"{directories} {'directory' if directories == 1 else 'directories'}, {counted(files, 'file')}"
    output.say(said)
    output.summary(files=files, directories=directories)


@click.command()
@click.argument("url")
@options.profile
@options.common
@click.pass_obj
def stat(output: Output, *, url: str, profile: str | None) -> None:
    """Show a file's or directory's size, time, checksum, owner and access control list.

    \b
    lakeport stat local:provider:share-data/penguins/penguins.csv
    """
    lake, place = located(url, profile)
    if not place.path:
        raise Misused(f"{url} is a file system", hint="Next: lakeport ls, or name a path")
    one, access = lake.entry(place.path), lake.access(place.path)
    shown = {
        "path": one.path,
        "kind": "directory" if one.is_directory else "file",
        "size_bytes": one.size_bytes,
        "modified_at": one.modified_at,
        "md5": "" if one.is_directory else lake.checksum(place.path).md5,
        "owner": access.owner,
        "group": access.group,
        "acl": access.acl,
    }
    if output.is_json:
        output.result("", **shown)
    for key, value in () if output.is_json else shown.items():
        output.result(f"{key:<12} {value}")
    output.summary(path=one.path)


@click.command()
@click.argument("url")
@options.profile
@options.common
@click.pass_obj
def du(output: Output, *, url: str, profile: str | None) -> None:
    """Add up what is below a directory, for each directory right below it.

    \b
    lakeport du local:provider:share-data
    """
    lake, place = located(url, profile)
    sizes, counts = Counter[str](), Counter[str]()
    for one in lake.entries(place.path, recursive=True):
        if not one.is_directory:
            below = one.path[len(place.path) :].lstrip("/")
            part = below.split("/")[0] + "/" if "/" in below else "."
            sizes[part] += one.size_bytes
            counts[part] += 1
    for part, total in sorted(sizes.items(), key=lambda pair: -pair[1]):
        text = f"{size(total):>10}  {counts[part]:>8}  {part}"
        output.result(text, path=part, size_bytes=total, files=counts[part])
    output.say(f"{size(sizes.total())} in {counted(counts.total(), 'file')}")
    output.summary(size_bytes=sizes.total(), files=counts.total())


@click.command()
@click.argument("url")
@options.profile
@options.dry_run
@options.common
@click.pass_obj
def mkdir(output: Output, *, url: str, profile: str | None, dry_run: bool) -> None:
    """Make a directory and those above it; one that is there stays as it is.

    \b
    lakeport mkdir local:provider:share-data/reports/2030
    """
    lake, place = located(url, profile)
    if not place.path:
        raise Misused(f"{url} names no directory", hint="Write PROFILE:FILE_SYSTEM/PATH")
    if not dry_run:
        lake.make_directory(place.path)
    output.result(f"{'would make' if dry_run else 'made'} {place.path}", path=place.path)
    output.say(f"undo: lakeport rm {url}")
    output.summary(status="planned" if dry_run else "done")


@click.command()
@click.argument("source")
@click.argument("target")
@click.option("--replace", is_flag=True, help="Replace a file that is there.")
@options.profile
@options.dry_run
@options.common
@click.pass_obj
def mv(output: Output, *, source: str, target: str, replace: bool, profile: str | None, dry_run: bool) -> None:
    """Rename a file or directory within its file system, at once, whatever is below it.

    \b
    lakeport mv local:provider:share-data/draft local:provider:share-data/final
    """
    lake, place = located(source, profile)
    other, there = located(target, profile)
    if (lake.account, lake.name) != (other.account, other.name):
        raise Misused("a rename stays within a file system", hint="Next: lakeport cp, then lakeport rm")
    if not place.path or not there.path:
        raise Misused("a file system cannot be renamed", hint="Name a path in it")
    into = f"{there.path}/{place.path.rpartition('/')[2]}" if there.is_folder else there.path
    if not dry_run:
        lake.rename(place.path, into, replace=replace)
    output.result(f"{'would move' if dry_run else 'moved'} {place.path} -> {into}", source=place.path, target=into)
    output.say(f"undo: lakeport mv {source.removesuffix(place.path)}{into} {source}")
    output.summary(status="planned" if dry_run else "done")


@click.command()
@click.argument("url")
@click.option("-r", "--recursive", is_flag=True, help="A directory with everything below it.")
@options.profile
@options.dry_run
@options.common
@click.pass_obj
def rm(output: Output, *, url: str, recursive: bool, profile: str | None, dry_run: bool) -> None:
    """Delete a file, or a directory with -r; it is gone unless the account keeps what is deleted for a while.

    \b
    lakeport rm local:provider:share-data/old.csv
    lakeport rm -r local:provider:share-data/2029 --dry-run
    """
    lake, place = located(url, profile)
    if not place.path:
        raise Misused(f"{url} is a whole file system", hint="Name a path in it")
    one = lake.entry(place.path)
    if one.is_directory and not recursive:
        raise Misused(f"{place.path} is a directory", hint="Next: add -r")
    if not dry_run:
        lake.delete(place.path, is_directory=one.is_directory)
    output.result(f"{'would delete' if dry_run else 'deleted'} {place.path}", path=place.path)
    output.summary(status="planned" if dry_run else "done")
