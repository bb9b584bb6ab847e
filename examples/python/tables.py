"""Tables of a lake as Arrow, pandas and polars: only the columns and rows that are wanted are fetched."""

from __future__ import annotations

import io

import lakeport
from lakeport import tables


def main() -> None:
    place = "local:provider:share-data/examples/people.parquet"
    print(tables.planned(place))
    print(tables.write([{"name": "ada", "age": 36}, {"name": "grace", "age": 85}], place, mode="overwrite").rows)
    print(tables.schema(place), tables.head(place, 1), tables.read(place, columns=["name"], where="age > 40"))

    scan = tables.scan(place, where="age > 30")
    print(scan.count(), scan.head(1), scan.table(), sum(batch.num_rows for batch in scan.batches()), scan.reader())
    print(scan.pandas(), scan.polars())

    where = tables.at(place)
    print(where.info(), where.files(), where.titled(where.inside))
    print(tables.incoming(io.BytesIO(b"name,age\nada,36\n"), "csv").table())  # whatever has bytes: standard input, too

    lake = lakeport.connect("local:provider:share-data")
    lake.write_table({"n": [1, 2]}, "examples/numbers.csv", mode="overwrite")
    print(lake.read_table("examples/numbers.csv"), lake.scan_table("examples/numbers.csv").count())
    lake.directory("examples").remove()


if __name__ == "__main__":
    main()
