"""One connection, other people's libraries: each signs in by the profile, and goes on when its token ends."""

from __future__ import annotations

import duckdb

import lakeport
from lakeport import engines


def main() -> None:
    lake = lakeport.connect("local:provider:share-data")
    lake.file("examples/engines.csv").write_text("name,age\nada,36\n")
    url = lake.file("examples/engines.csv").url

    print(lake.fsspec().ls("share-data/examples"))
    print(lake.pyarrow().get_file_info("share-data/examples/engines.csv"))
    print(lake.obstore("examples").head("engines.csv"))
    print(lake.duckdb(duckdb.connect()).sql(f"select * from read_csv('{url}')").fetchall())
    print(sorted(lake.storage_options("pandas")))

    profile = lakeport.profile("local:provider")
    engines.register()  # from here on abfss:// is lakeport's for whatever goes through fsspec
    print(engines.fsspec(profile, lake.account).exists(url), engines.pyarrow(profile, lake.account).type_name)
    print(
        engines.obstore(profile, lake.account, "share-data"),
        sorted(engines.storage_options("dask", profile, lake.account)),
    )
    engines.duckdb(duckdb.connect(), profile, lake.account)
    lake.directory("examples").remove()


if __name__ == "__main__":
    main()
