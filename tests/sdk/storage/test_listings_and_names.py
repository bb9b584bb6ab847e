"""Names of owners, and the tokens by which listings go on; with the real clients."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient
    from azure.storage.filedatalake import FileSystemClient

    Lakes = Any  # conftest's; test modules do not import one another

ADA = "ada@contoso.onmicrosoft.com"


def test_users_are_named_by_upn_when_asked_for_and_nobody_else_is(lakes: Lakes, fs: FileSystemClient) -> None:
    ada, app, team = (lakes.who(name)["object_id"] for name in (ADA, "reader", "team"))
    directory = fs.create_directory("d")
    entries = f"user::rwx,user:ADA:r-x,user:{app}:--x,group::r-x,group:{team}:r--,mask::r-x,other::---"
    text = f"{entries},{','.join(f'default:{entry}' for entry in entries.split(','))}"
    directory.set_access_control(owner=ada, group=team)
    directory.set_access_control(acl=text.replace("ADA", ada))
    plain, named = directory.get_access_control(upn=False), directory.get_access_control(upn=True)
    assert (plain["owner"], plain["group"]) == (ada, team)
    assert (named["owner"], named["group"]) == (ADA, team)
    assert sorted(plain["acl"].split(",")) == sorted(text.replace("ADA", ada).split(","))
    assert named["acl"] == plain["acl"].replace(ada, ADA)
    assert next(iter(fs.get_paths(upn=True))).owner == ADA
    assert next(iter(fs.get_paths())).owner == ada
    assert (directory.get_directory_properties(upn=True)["owner"], directory.get_directory_properties().owner) == (
        ADA,
        ada,
    )


def first_token(listing: Any) -> str:
    pages = listing.by_page()
    next(pages)
    return str(pages.continuation_token)


def test_a_listing_goes_on_only_with_its_own_unaltered_token(
    lakes: Lakes, fs: FileSystemClient, container: ContainerClient
) -> None:
    for name in ("d/a", "d/b", "d/c", "e/a"):
        fs.create_file(name)

    def rest(token: str, path: str = "d", client: FileSystemClient = fs) -> list[str]:
        return [one.name for one in next(client.get_paths(path, max_results=1).by_page(token))]

    token = first_token(fs.get_paths("d", max_results=1))
    assert rest(token) == ["d/b"]
    fs.get_file_client("d/a").delete_file()  # what the token was given behind need not exist any more
    assert rest(token) == ["d/b"]
    raw = base64.urlsafe_b64decode(token)
    altered = [bytes([*raw[:at], raw[at] ^ 1, *raw[at + 1 :]]) for at in (0, 15, len(raw) - 1)]
    for bad in [*(base64.urlsafe_b64encode(one).decode() for one in altered), "!", "a" * 7000, "YQ=="]:
        with pytest.raises(HttpResponseError) as refused:
            rest(bad)
        assert "OutOfRangeInput" in str(refused.value)
    reader = lakes.dfs(lakes.credential("reader")).get_file_system_client(fs.file_system_name)
    for path, client in (("e", fs), ("d", reader)):
        with pytest.raises(HttpResponseError):
            rest(token, path, client)
    blobs = first_token(container.list_blobs(results_per_page=1))
    assert [one.name for one in next(container.list_blobs(results_per_page=1).by_page(blobs))] == ["d/b"]
    with pytest.raises(HttpResponseError):
        next(container.list_blobs(results_per_page=1).by_page(token))


def test_names_that_json_must_escape_are_listed_as_they_are(fs: FileSystemClient) -> None:
    names = ['d"1/back\\slash', 'd"1/plain', 'd"1/qu"ote', "\u00fc/\U0001f600", "\u00fc/,"]
    for name in names:
        fs.create_file(name)
    found = [one.name for one in fs.get_paths() if not one.is_directory]
    assert sorted(found) == sorted(names)


def test_a_listing_begins_at_a_name_itself_or_behind_where_it_would_be(fs: FileSystemClient) -> None:
    for name in ("d/a", "d/b/x", "d/c"):
        fs.create_file(name)

    def names(begin: str, path: str | None = "d", *, recursive: bool = True) -> list[str]:
        return [one.name for one in fs.get_paths(path, recursive=recursive, start_from=begin)]

    assert names("b") == ["d/b", "d/b/x", "d/c"]
    assert names("b/x") == ["d/b/x", "d/c"]
    assert names("bb") == ["d/c"]
    assert names("b", recursive=False) == ["d/b", "d/c"]
    assert names("d/c", None) == ["d/c"]
