"""pyarrow's own client (C++), which speaks both APIs by path on one plain endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyarrow.fs import AzureFileSystem, FileSelector, FileType

if TYPE_CHECKING:
    from azure.storage.filedatalake import FileSystemClient

    Lakes = Any  # conftest's; test modules do not import one another


def test_arrow_works_on_files_and_directories_as_on_an_account_with_a_hierarchical_namespace(
    lakes: Lakes, fs: FileSystemClient
) -> None:
    authority = f"127.0.0.1:{lakes.azure.port}"
    arrow = AzureFileSystem(
        "lake1",
        account_key=lakes.key,
        blob_storage_authority=authority,
        dfs_storage_authority=authority,
        blob_storage_scheme="http",
        dfs_storage_scheme="http",
    )
    box = fs.file_system_name
    arrow.create_dir(f"{box}/x/y", recursive=True)
    with arrow.open_output_stream(f"{box}/x/f") as out:
        out.write(b"hello" * 100_000)
    with arrow.open_input_file(f"{box}/x/f") as file:
        assert file.read() == b"hello" * 100_000
    kinds = [one.type for one in arrow.get_file_info([f"{box}/x/f", f"{box}/x", f"{box}/none"])]
    assert kinds == [FileType.File, FileType.Directory, FileType.NotFound]
    arrow.copy_file(f"{box}/x/f", f"{box}/x/g")
    arrow.move(f"{box}/x/f", f"{box}/x/y/h")
    arrow.move(f"{box}/x", f"{box}/z")
    found = sorted(one.path for one in arrow.get_file_info(FileSelector(box, recursive=True)))
    assert found == [f"{box}/z", f"{box}/z/g", f"{box}/z/y", f"{box}/z/y/h"]
    arrow.delete_file(f"{box}/z/g")
    arrow.delete_dir_contents(f"{box}/z")
    arrow.delete_dir(f"{box}/z")
    assert arrow.get_file_info(FileSelector(box, recursive=True)) == []
    arrow.delete_dir(box)
    assert not fs.exists()
