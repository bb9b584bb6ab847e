"""Which format a file is in: told by its name, else by its first bytes.

Source: Apache Parquet, "File format"; Apache Arrow, "IPC file format" and "streaming format"; RFC 1952; RFC 8878.
"""

from __future__ import annotations

from dataclasses import dataclass

from lakeport.errors import Misused


@dataclass(frozen=True)
class Format:
    """A format of files.

    Attributes:
        suffixes: How names of such files end, the first as we write them.
        magic: What such files begin with; empty: anything.
        is_text: Its files may be compressed as a whole, and do not say their columns' types.
        is_dataset: pyarrow reads parts of such a file; the others are read from their beginning.
    """

    name: str
    suffixes: tuple[str, ...]
    magic: bytes = b""
    is_text: bool = False
    is_dataset: bool = False


FORMATS = {
    one.name: one
    for one in (
        Format("parquet", (".parquet", ".parq", ".pq"), b"PAR1", is_dataset=True),
        Format("csv", (".csv",), is_text=True),
        Format("tsv", (".tsv", ".tab"), is_text=True),
        Format("jsonl", (".jsonl", ".ndjson", ".json"), is_text=True),
        Format("feather", (".feather", ".arrow", ".ipc"), b"ARROW1", is_dataset=True),
        Format("arrows", (".arrows", ".arrowstream"), b"\xff\xff\xff\xff"),
    )
}
DELTA = "delta"
NAMES = (*FORMATS, DELTA)
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2", ".lz4": "lz4", ".br": "brotli"}
"""Of whole files of text, by the last suffix."""
INSIDE = {
    "parquet": ("snappy", "zstd", "gzip", "brotli", "lz4", "none"),
    "feather": ("lz4", "zstd", "none"),
    "arrows": ("lz4", "zstd", "none"),
}
"""Of the parts of a file, by format; the first is taken when none is named."""
_BY_SUFFIX = {suffix: one for one in FORMATS.values() for suffix in one.suffixes}
_BY_MAGIC = {one.magic: one for one in FORMATS.values() if one.magic}


def named(name: str) -> Format:
    """Return a format by its name.

    Raises:
        Misused: There is none of that name.
    """
    try:
        return FORMATS[name]
    except KeyError:
        raise Misused(f"there is no format {name!r}", hint=f"Formats: {', '.join(NAMES)}") from None


def of_name(name: str) -> tuple[Format | None, str]:
    """Return the format that a file's name says, and the compression of the whole file; each may be empty.

    Example:
        >>> found, compression = of_name("2030/sales.CSV.gz")
        >>> found and found.name, compression
        ('csv', 'gzip')
        >>> of_name("part-00000")
        (None, '')
    """
    stem, dot, last = name.lower().rpartition("/")[2].rpartition(".")
    compression = COMPRESSIONS.get(f".{last}", "") if dot else ""
    if compression:
        stem, dot, last = stem.rpartition(".")
    found = _BY_SUFFIX.get(f".{last}") if dot else None
    return found, compression


def of_magic(head: bytes) -> Format | None:
    """Return the format that a file's first bytes say, if they say one.

    Example:
        >>> found = of_magic(b"PAR1" + bytes(8))
        >>> found and found.name
        'parquet'
    """
    return next((one for magic, one in _BY_MAGIC.items() if head.startswith(magic)), None)


def compression_of(head: bytes) -> str:
    """Return the compression of a whole file that its first bytes say, or nothing.

    Example:
        >>> compression_of(bytes.fromhex("1f8b0800")), compression_of(b"a,b")
        ('gzip', '')
    """
    magics = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bz2", b"\x04\x22\x4d\x18": "lz4"}
    return next((name for magic, name in magics.items() if head.startswith(magic)), "")
