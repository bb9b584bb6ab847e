"""Writing a table: a file, a directory of files, or a Delta table; it appears whole, or nothing of it does."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyarrow import fs

from lakeport.errors import Conflict, LakeportError, Misused, NotFound
from lakeport.tables import formats, frames, moving, partitions, refusals, scanning, schemas, sinks
from lakeport.tables.places import at
from lakeport.tables.spreading import Spread
from lakeport.tables.whole import WholeFile

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from lakeport.lake import LakeUrl
    from lakeport.tables.formats import Format
    from lakeport.tables.frames import Rows
    from lakeport.tables.places import Place

    Told = Callable[[int], None]

Arrow = Any  # pyarrow has no types
MODES = ("error", "overwrite", "append")


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        title: What people call it.
        format: The format's name.
        files: How many files it took.
        size_bytes: Their size together; of a Delta table 0: its log says it.
    """

    title: str
    format: str
    rows: int
    files: int
    size_bytes: int


@dataclass(frozen=True)
class Aim:
    """What is to be written where, decided.

    Attributes:
        is_directory: A directory of files; else one file.
        compression: Of a file's parts, or of text as a whole; empty: the format's usual one.
        by: The columns that directories say.
        found: What is at the place already: `nothing`, `file`, `empty` or `data`.
    """

    place: Place
    kind: Format
    is_directory: bool
    compression: str
    mode: str
    by: tuple[str, ...]
    found: str


def write(
    data: object,
    target: str | os.PathLike[str] | LakeUrl | Place,
    *,
    file_format: str = "",
    mode: str = "error",
    partition_by: Sequence[str] = (),
    compression: str = "",
    profile: str = "",
    told: Callable[[int], None] | None = None,
) -> Written:
    """Write a table; whoever reads it meanwhile sees what was there before, or all of it.

    Args:
        data: A `Scan`, `pyarrow.Table`, reader or dataset; a frame of polars or pandas; rows as mappings; columns by name.
        target: A file; or a directory, written with a slash at its end, where there is one already or for `partition_by`.
        file_format: One of `formats.NAMES`; absent: as the target's name says, for a directory what is in it, else Parquet.
        mode: `error` refuses what is there, `overwrite` replaces it, `append` adds files to a directory or rows to a Delta table.
        partition_by: Columns that become directories, as `year=2030`.
        compression: Of a file's parts, such as `zstd`; of text the target's name says it (`.csv.gz`).
        profile: Who connects; absent: the URL's, else the account's own.
        told: Called with the number of rows so far.

    Returns:
        What was written.

    Raises:
        Conflict: Something is there, and `mode` is `error`.
        Misused: The target says no format, or the format cannot hold a column.
        Forbidden: The caller may not write there; nothing was changed.
        BadData: A file that is read on the way is damaged, or the rows do not go with those that are there; nothing was changed.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write([{"year": 2030, "n": 1}], f"{folder}/sales/", partition_by=["year"]).files
        1
    """
    if mode not in MODES:
        raise Misused(f"there is no mode {mode!r}", hint=f"Modes: {', '.join(MODES)}")
    place = at(target, profile=profile)
    with refusals.writing(place.title):
        rows = frames.rows_of(data)
        schemas.check_names(rows.schema, "what is written")
        if file_format == formats.DELTA or (not file_format and place.is_delta):
            return _delta(rows, place, mode, partition_by, told)
        aim = aimed(place, file_format, mode, tuple(partition_by), compression)
        schemas.chosen(rows.schema, aim.by)
        return _directory(rows, aim, told) if aim.is_directory else _file(rows, aim, told)


def planned(
    target: str | os.PathLike[str] | LakeUrl | Place,
    *,
    file_format: str = "",
    mode: str = "error",
    partition_by: Sequence[str] = (),
    compression: str = "",
    profile: str = "",
) -> str:
    """Return in words what `write` would do, and change nothing. Arguments and errors are those of `write`.

    Args:
        target: Where it would be written.
        file_format: Such as `csv`, where the name does not tell.
        mode: `error`, `overwrite` or `append`, when something is there.
        partition_by: Columns by whose values the rows lie in directories.
        compression: Such as `zstd`; empty: the format's usual.
        profile: Who opens the lake, by name; empty: as the URL says.
    """
    place = at(target, profile=profile)
    if file_format == formats.DELTA or (not file_format and place.is_delta):
        return f"a version of the Delta table {place.title}"
    aim = aimed(place, file_format, mode, tuple(partition_by), compression)
    where = f"a directory of {aim.kind.name} files" if aim.is_directory else f"a {aim.kind.name} file"
    by = f" by {', '.join(aim.by)}" if aim.by else ""
    does = {"nothing": "new", "empty": "new"}.get(aim.found, f"{aim.mode} what is there")
    return f"{place.title}: {where}{by}, {does}"


def _delta(rows: Rows, place: Place, mode: str, by: Sequence[str], told: Told | None) -> Written:
    from lakeport.tables import delta  # noqa: PLC0415  (an extra)

    schemas.chosen(rows.schema, by)
    is_one = place.is_delta
    found = "data" if is_one else _found(place)
    if not is_one and found in {"file", "data"}:
        raise Conflict(f"{place.title} is there already, and is no Delta table", hint="Next: name another")
    try:
        count, files = delta.write(rows, place, mode=mode, by=by, told=told)
    except BaseException:
        if found == "nothing":  # files that no log names
            with suppress(LakeportError, OSError):
                moving.remove(place, place.inside, is_directory=True)
        raise
    return Written(place.title, formats.DELTA, count, files, 0)


def aimed(place: Place, file_format: str, mode: str, by: tuple[str, ...], compression: str) -> Aim:
    """Decide what is written where.

    Raises:
        Conflict: Something is there, and `mode` is `error`; or a file where a directory shall be.
        Misused: Neither the target nor the format says how.
    """
    found = _found(place)
    if found == "data" and place.is_delta:
        raise Conflict(f"{place.title} is a Delta table", hint="Next: write it as delta, or name another")
    is_directory = bool(by) or place.is_folder or found in {"empty", "data"}
    if found == "file" and is_directory:
        raise Conflict(f"{place.title} is a file, not a directory", hint="Next: name another")
    if found in {"file", "data"} and mode == "error":
        raise sinks.there(place.title)
    kind, whole = _kind(place, file_format, found, is_directory=is_directory)
    if not is_directory and mode == "append":
        hint = "Next: name a directory (with a slash at its end), or write a Delta table"
        raise Misused(f"{place.title} is one file, to which no rows can be added", hint=hint)
    if kind.is_text and compression and compression != whole:
        suffix = next((one for one, name in formats.COMPRESSIONS.items() if name == compression), "")
        hint = f"Next: name it {place.title}{suffix}" if suffix and not is_directory else ""
        raise Misused(f"text is compressed as its file's name says, not as {compression}", hint=hint)
    return Aim(place, kind, is_directory, compression or whole, mode, by, found)


def _found(place: Place) -> str:
    try:
        info = place.info()
    except NotFound:
        return "nothing"
    if info.type == fs.FileType.File:
        return "file"
    below = place.file_system.get_file_info(fs.FileSelector(place.inside, recursive=True))
    return "data" if any(one.type == fs.FileType.File for one in below) else "empty"


def _kind(place: Place, file_format: str, found: str, *, is_directory: bool) -> tuple[Format, str]:
    guessed, compression = (None, "") if is_directory else formats.of_name(place.path)
    if file_format:
        return formats.named(file_format), compression if formats.named(file_format).is_text else ""
    if is_directory:
        return (place.files()[0].format if found == "data" else formats.FORMATS["parquet"]), ""
    if guessed is None:
        hint = f"Next: name it such as {place.title}.parquet, or say which of {', '.join(formats.NAMES)}"
        raise Misused(f"the name {place.title} says no format", hint=hint)
    return guessed, compression


def _file(rows: Rows, aim: Aim, told: Told | None) -> Written:
    def open_file(_directory: str, _number: int, schema: Arrow) -> WholeFile:
        return WholeFile(aim.place, aim.place.inside, aim.kind, schema, aim.compression, is_new=aim.mode == "error")

    spread = Spread((), rows.schema, open_file)
    count = _filled(spread, rows, told)
    _committed(aim.place, spread.files)
    return Written(aim.place.title, aim.kind.name, count, 1, spread.files[0].size_bytes)


def _directory(rows: Rows, aim: Aim, told: Told | None) -> Written:
    place, token = aim.place, secrets.token_hex(4)
    before = _before(rows, aim) if aim.found == "data" else []
    aside = ""
    if aim.found != "empty" and aim.mode != "append" and moving.is_at_once(place):
        parent, _, name = place.inside.rpartition("/")
        aside = f"{parent}/_{name}.{token}"

    def open_file(directory: str, number: int, schema: Arrow) -> WholeFile:
        path = "/".join(one for one in (aside or place.inside, directory, f"part-{number:05d}-{token}") if one)
        return WholeFile(place, path + aim.kind.suffixes[0], aim.kind, schema, aim.compression, is_new=True)

    spread = Spread(aim.by, rows.schema, open_file)
    try:
        count = _filled(spread, rows, told)
        _committed(place, spread.files)
        if aside:
            _in_place(place, aside, token, is_there=aim.found == "data")
    except BaseException:
        if aside:
            with suppress(LakeportError, OSError):
                moving.remove(place, aside, is_directory=True)
        raise
    if aim.mode == "overwrite" and not aside:
        for path in before:
            moving.remove(place, path, is_directory=False)
    size = sum(one.size_bytes for one in spread.files)
    return Written(place.title, aim.kind.name, count, len(spread.files), size)


def _before(rows: Rows, aim: Aim) -> list[str]:
    """Return the files of the table that is there, once it is sure that they are one, and that the rows go with it."""
    if aim.place.lake is not None and not aim.place.path and aim.mode == "overwrite":
        raise Misused(f"{aim.place.title} is a whole file system", hint="Next: name a directory in it")
    files = aim.place.files()
    if files[0].format != aim.kind and aim.mode == "append":
        raise Misused(f"{aim.place.title} holds {files[0].format.name}, to which {aim.kind.name} cannot be added")
    if aim.mode == "append":
        said = partitions.parted(files, aim.place.inside)[1]
        if list(said.names) != list(aim.by):
            hint = f"Next: --partition-by {','.join(said.names)}" if said.names else "Next: leave --partition-by out"
            raise Misused(f"{aim.place.title} has directories by {', '.join(said.names) or 'nothing'}", hint=hint)
        schemas.unified([(aim.place.title, scanning.schema(aim.place)), ("what is added", rows.schema)])
    return [one.path for one in files]


def _filled(spread: Spread, rows: Rows, told: Told | None) -> int:
    """Let all rows pass, and return how many there were; when one cannot, nothing is left of any file."""
    count = 0
    try:
        for batch in rows.batches:
            spread.add(batch)
            count += batch.num_rows
            if told is not None:
                told(count)
        spread.end()
    except BaseException:
        for one in spread.files:
            one.discard()
        raise
    return count


def _committed(place: Place, files: Sequence[WholeFile]) -> None:
    """Let all files appear, one soon after the other; when one cannot, take back those that did."""
    done: list[WholeFile] = []
    try:
        for one in files:
            one.commit()
            done.append(one)
    except BaseException:
        for one in files:
            if one in done:
                with suppress(LakeportError, OSError):
                    moving.remove(place, one.path, is_directory=False)
            else:
                one.discard()
        raise


def _in_place(place: Place, aside: str, token: str, *, is_there: bool) -> None:
    """Let a directory that is whole take its name; the one that is there makes room, and comes back if it cannot."""
    if not is_there:
        moving.rename(place, aside, place.inside)
        return
    parent, _, name = place.inside.rpartition("/")
    old = f"{parent}/_{name}.{token}.old"
    moving.rename(place, place.inside, old)
    try:
        moving.rename(place, aside, place.inside)
    except BaseException:
        moving.rename(place, old, place.inside)
        raise
    moving.remove(place, old, is_directory=True)
