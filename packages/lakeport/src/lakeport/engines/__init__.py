"""One connection for other people's libraries: fsspec, pyarrow, obstore, DuckDB, and options for polars, pandas, delta.

Every handle signs in by the profile and goes on when its token or SAS ends. Knows nothing of tables.
"""
