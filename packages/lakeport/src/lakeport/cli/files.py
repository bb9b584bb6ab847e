"""`lakeport tree|stat|du|mkdir|mv|rm`: what lies in a lake or on this machine, and putting it in order."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import TYPE_CHECKING

import click

from lakeport.cli import options
from lakeport.cli.here import Here
from lakeport.cli.output import counted, size
from lakeport.cli.places import is_there, many, place, places
from lakeport.errors import Misused, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakeport.cli.output import Output
    from lakeport.cli.places import Place

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
    top, files, directories = place(url, profile), 0, 0
    base = top.path.rstrip("/").count("/") + 1 if top.path not in {"", "."} else 0
    found = top.files.entries(top.path, recursive=True)
    for one in sorted(found, key=lambda entry: entry.path.split("/")):
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
@options.places
@options.profile
@options.common
@click.pass_obj
def stat(output: Output, *, urls: tuple[str, ...], profile: str | None) -> None:
    """Show size, time, checksum, owner and access control list of files and directories.

    \b
    lakeport stat local:provider:share-data/penguins/penguins.csv
    """
    count = 0
    for count, one in enumerate(places(urls, profile), 1):
        if one.is_root:
            raise Misused(f"{one.text} is a file system", hint="Next: lakeport ls, or name a path")
        shown = _described(one)
        if output.is_json:
            output.result("", **shown)
        elif count > 1:
            output.result("")
        for key, value in () if output.is_json else shown.items():
            output.result(f"{key:<12} {value}")
    output.summary(entries=count, **({"path": one.path} if count == 1 else {}))


def _described(one: Place) -> dict[str, object]:
    found, access = one.found(), one.files.access(one.path)
    return {
        "path": found.path,
        "kind": "directory" if found.is_directory else "file",
        "size_bytes": found.size_bytes,
        "modified_at": found.modified_at,
        "md5": "" if found.is_directory else one.files.checksum(one.path).md5,
        "owner": access.owner,
        "group": access.group,
        "acl": access.acl,
    }


@click.command()
@options.places
@options.profile
@options.common
@click.pass_obj
def du(output: Output, *, urls: tuple[str, ...], profile: str | None) -> None:
    """Add up what is below a directory, for each directory right below it; or below each of several places.

    \b
    lakeport du local:provider:share-data
    lakeport du 'local:provider:share-data/20*'
    """
    sizes, counts = Counter[str](), Counter[str]()
    found = list(places(urls, profile))
    for one in found:
        label = one.text if many(found) else ""
        if label:
            sizes[label] += 0
        for entry in one.below(recursive=True):
            if entry.is_directory:
                continue
            below = entry.path[len(one.path) :].lstrip("/") if one.path != "." else entry.path
            part = label or (below.split("/")[0] + "/" if "/" in below else ".")
            sizes[part] += entry.size_bytes
            counts[part] += 1
    for part, total in sorted(sizes.items(), key=lambda pair: -pair[1]):
        text = f"{size(total):>10}  {counts[part]:>8}  {part}"
        output.result(text, path=part, size_bytes=total, files=counts[part])
    output.say(f"{size(sizes.total())} in {counted(counts.total(), 'file')}")
    output.summary(size_bytes=sizes.total(), files=counts.total())


@click.command()
@options.places
@options.profile
@options.dry_run
@options.common
@click.pass_obj
def mkdir(output: Output, *, urls: tuple[str, ...], profile: str | None, dry_run: bool) -> None:
    """Make directories and those above them; one that is there stays as it is.

    \b
    lakeport mkdir local:provider:share-data/reports/2030
    """
    for one in [place(url, profile) for url in urls]:
        if one.is_root:
            raise Misused(f"{one.text} names no directory", hint="Write PROFILE:FILE_SYSTEM/PATH")
        was_there = is_there(one)
        if not dry_run:
            one.files.make_directory(one.path)
        done = "was there:" if was_there else "would make" if dry_run else "made"
        output.result(f"{done} {one.path}", path=one.path, was_there=was_there)
        if not was_there:
            output.say(f"undo: lakeport rm -r {shlex.quote(one.text)}")
    output.summary(status="planned" if dry_run else "done")


@click.command()
@options.sources
@click.argument("target")
@click.option("--replace", is_flag=True, help="Replace a file that is there.")
@options.profile
@options.dry_run
@options.common
@click.pass_obj
def mv(
    output: Output, *, sources: tuple[str, ...], target: str, replace: bool, profile: str | None, dry_run: bool
) -> None:
    """Rename a file or directory within its file system, at once, whatever is below it; several go into a directory.

    \b
    lakeport mv local:provider:share-data/draft local:provider:share-data/final
    lakeport mv 'local:provider:share-data/*.csv' local:provider:share-data/old/
    """
    there = place(target, profile)
    found = list(places(sources, profile))
    names = _into(found, there)
    for one, into in zip(found, names, strict=True):
        if not dry_run:
            _rename(one, into, replace=replace)
        output.result(f"{'would move' if dry_run else 'moved'} {one.path} -> {into}", source=one.path, target=into)
        output.say(f"undo: lakeport mv {shlex.quote(one.base + into)} {shlex.quote(one.text)}")
    output.summary(status="planned" if dry_run else "done")


def _rename(one: Place, into: str, *, replace: bool) -> None:
    try:
        one.files.rename(one.path, into, replace=replace)
    except NotFound as error:
        if error.code == "RenameDestinationParentPathNotFound":
            error.hint = f"Next: lakeport mkdir {shlex.quote(one.base + into.rpartition('/')[0])}"
        raise


def _into(found: list[Place], there: Place) -> list[str]:
    """Return where each place goes.

    Raises:
        Misused: It cannot go there, or two would go to the same place.
    """
    is_many = many(found)
    for one in found:
        if type(one.files) is not type(there.files) or _store(one) != _store(there):
            raise Misused("a rename stays within a file system", hint="Next: lakeport cp, then lakeport rm")
        if one.is_root or (there.is_root and not (is_many or there.is_folder)):
            raise Misused("a file system cannot be renamed", hint="Name a path in it")
    if not (is_many or there.is_folder or _is_folder_here(there)):
        return [there.path]
    names = [f"{there.path.rstrip('/')}/{one.name}" if there.path else one.name for one in found]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise Misused(f"more than one of these would be {twice[0]}", hint="Move them one by one")
    return names


def _store(one: Place) -> tuple[str, str]:
    return one.files.account, one.files.name


def _is_folder_here(there: Place) -> bool:
    """Tell if a place is a folder of this machine that is there: into which things are moved, as by `mv`."""
    try:
        return not there.files.account and there.found().is_directory
    except NotFound:
        return False


@click.command()
@options.places
@click.option("-r", "--recursive", is_flag=True, help="Directories with everything below them.")
@options.profile
@options.dry_run
@options.common
@click.pass_obj
def rm(output: Output, *, urls: tuple[str, ...], recursive: bool, profile: str | None, dry_run: bool) -> None:
    """Delete files, or directories with -r; they are gone unless the account keeps what is deleted for a while.

    All that is named is looked at before anything is deleted.

    \b
    lakeport rm local:provider:share-data/old.csv
    lakeport rm 'local:provider:share-data/2029/*.tmp' --dry-run
    lakeport rm -r local:provider:share-data/2029
    """
    found = [(one, one.found().is_directory) for one in places(urls, profile)]
    for one, is_directory in found:
        if is_directory and not recursive:
            raise Misused(f"{one.path} is a directory", hint="Next: add -r")
        if is_directory and isinstance(one.files, Here):
            one.files.check_apart(one.path)
    done = _outermost(found)
    for one, is_directory in done:
        if not dry_run:
            one.files.delete(one.path, is_directory=is_directory)
        output.result(f"{'would delete' if dry_run else 'deleted'} {one.path}", path=one.path)
    output.summary(status="planned" if dry_run else "done", deleted=len(done))


def _outermost(found: Iterable[tuple[Place, bool]]) -> list[tuple[Place, bool]]:
    """Return what is not below a directory that is named too, once each."""
    kept: list[tuple[Place, bool]] = []
    gone: set[tuple[str, str, str]] = set()
    for one, is_directory in sorted(found, key=lambda pair: pair[0].path.count("/")):
        parts = one.path.split("/")
        above = ((*_store(one), "/".join(parts[:count])) for count in range(1, len(parts) + 1))
        if any(path in gone for path in above):
            continue
        gone.add((*_store(one), one.path))
        kept.append((one, is_directory))
    return kept
