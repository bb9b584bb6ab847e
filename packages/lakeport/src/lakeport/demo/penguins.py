"""A small real data set: size measurements of 344 penguins, given to everybody (CC0)."""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from lakeport.errors import MissingExtra

CREDIT = """\
Palmer Archipelago penguin data: Allison Horst, Alison Hill, Kristen Gorman (2020), DOI 10.5281/zenodo.3960218.
Licence of the data: CC0 1.0 (no rights reserved). Taken from the package palmerpenguins {version} on PyPI.
"""
EXTRA = "Next: pip install 'lakeport[demo]'"


def write(folder: Path) -> int:
    """Write the data as CSV and as Parquet in nested folders.

    Args:
        folder: An empty folder.

    Returns:
        How many penguins there are.

    Raises:
        MissingExtra: The data's package or pyarrow is not installed.
    """
    try:
        from pyarrow import compute, csv, parquet  # noqa: PLC0415  (an extra)
    except ImportError:
        raise MissingExtra("the demo writes Parquet with pyarrow", hint=EXTRA) from None
    source = _package_file("penguins.csv")
    (folder / "csv").mkdir(parents=True)
    (folder / "LICENSE.txt").write_text(CREDIT.format(version=version("palmerpenguins")), encoding="utf-8")
    (folder / "csv" / "penguins.csv").write_bytes(source.read_bytes())
    (folder / "csv" / "penguins-raw.csv").write_bytes(_package_file("penguins-raw.csv").read_bytes())
    table = csv.read_csv(source, convert_options=csv.ConvertOptions(null_values=["NA", ""], strings_can_be_null=True))
    for species in sorted(compute.unique(table["species"]).to_pylist()):
        part = folder / "parquet" / f"species={species}" / "part-0.parquet"
        part.parent.mkdir(parents=True)
        parquet.write_table(table.filter(compute.equal(table["species"], species)).drop(["species"]), part)
    return int(table.num_rows)


def _package_file(name: str) -> Path:
    """Find a file of the data's package without importing it, which would load pandas."""
    spec = find_spec("palmerpenguins")
    for place in (spec.submodule_search_locations or []) if spec else []:
        found = Path(place, "data", name)
        if found.is_file():
            return found
    raise MissingExtra("the demo's data comes with the package palmerpenguins, which is not installed", hint=EXTRA)
