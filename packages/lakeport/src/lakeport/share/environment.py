"""`source.env` and `dest.env`: the files of the scripts that came before, taken as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport import profiles
from lakeport.access.roles import Store
from lakeport.errors import BadFile
from lakeport.profiles import dotenv
from lakeport.share import kinds
from lakeport.share.desired import FILE_SYSTEM, Accept, Consumer, Destination, Invitee, Place, Provider, WishedDataSet
from lakeport.share.files import checked_name, invitation_name
from lakeport.share.invite_book import InviteBook
from lakeport.share.schedules import Schedule
from lakeport.types import SubscriptionId

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lakeport.profiles import Profile

COMMON = (
    "DATA_SHARE_AZURE_SUBSCRIPTION_ID",
    "DATA_SHARE_RESOURCE_GROUP",
    "DATA_SHARE_ACCOUNT_NAME",
    "STORAGE_AZURE_SUBSCRIPTION_ID",
    "STORAGE_RESOURCE_GROUP",
    "STORAGE_ACCOUNT_NAME",
)
SOURCE = (*COMMON, "SHARE_NAME", "DATASET_NAME", "FILE_SYSTEM_NAME", "DESTINATION_TENANT_ID", "DESTINATION_OBJECT_ID")
CREDENTIAL = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
DAILY = Schedule("day")
"""These files know no schedule, and the other side follows one: daily, unless the share has one already."""


def provider(path: Path, *, profile: str | None = None, book: InviteBook | None = None) -> Provider:
    """Return what a `source.env` wants: one file system, shared with one principal.

    Raises:
        BadFile: A key is missing; or the file cannot be read.
        WrongIdKind: DESTINATION_OBJECT_ID is known to be an id of another kind.
    """
    values = dotenv.read(path)
    _require(values, SOURCE, path)
    resolved = _profile(values, path, profile)
    store = _store(values)
    checked_name(values["SHARE_NAME"], "share", str(path))
    checked_name(values["DATASET_NAME"], "data set", str(path))
    kind = kinds.BY_KEY["file_system"]
    properties = {kind.root: _file_system(values["FILE_SYSTEM_NAME"], path)}
    book = book or InviteBook(resolved)
    found = book.find(values["DESTINATION_TENANT_ID"], values["DESTINATION_OBJECT_ID"], only_object_ids=True)
    name = invitation_name(f"{values['SHARE_NAME']}-{found.object_id}")
    return Provider(
        resolved,
        _place(values),
        values["SHARE_NAME"],
        (WishedDataSet(values["DATASET_NAME"], kind.wire, {**store.properties, **properties}, store),),
        (Invitee(name, found.shown, found.tenant_id, found.object_id),),
        schedule=DAILY,
        where=f"--env {path}",
        notes=tuple(book.notes),
    )


def consumer(path: Path, *, profile: str | None = None) -> Consumer:
    """Return what a `dest.env` wants: whatever is offered to this principal, each data set at its own path.

    FILE_SYSTEM_NAME, when present, is where everything goes; otherwise each data set keeps its file system's name.
    AZURE_* keys may be absent: the default chain signs in.

    Raises:
        BadFile: A key is missing; or the file cannot be read.
    """
    values = dotenv.read(path)
    _require(values, COMMON, path)
    wanted = values.get("SHARE_NAME") or "*"
    landing = _file_system(values["FILE_SYSTEM_NAME"], path) if values.get("FILE_SYSTEM_NAME") else "{file_system}"
    note = f"{path} names no senders: every invitation addressed to this principal is accepted"
    return Consumer(
        _profile(values, path, profile),
        _place(values),
        (Accept("*", wanted),),
        (Destination(_store(values), landing, "{path}"),),
        where=f"--env {path}",
        notes=() if values.get("SHARE_NAME") else (note,),
    )


def _file_system(name: str, path: Path) -> str:
    if not FILE_SYSTEM.fullmatch(name):
        hint = "3 to 63 of a-z, 0-9 and -"
        raise BadFile(f"{path}: FILE_SYSTEM_NAME {name!r} is no name of a file system", hint=hint)
    return name


def _require(values: Mapping[str, str], keys: tuple[str, ...], path: Path) -> None:
    missing = [key for key in keys if not values.get(key)]
    if missing:
        others = f" (and {', '.join(missing[1:])})" if missing[1:] else ""
        raise BadFile(f"{path}: the key {missing[0]} is missing{others}", hint=f"Write {missing[0]}=VALUE")


def _profile(values: Mapping[str, str], path: Path, named: str | None) -> Profile:
    """Who signs in: the file's AZURE_* keys, else the profile or default chain."""
    keys = dict(zip(("tenant_id", "client_id", "client_secret"), CREDENTIAL, strict=True))
    given = {key: values[name] for key, name in keys.items() if values.get(name)}
    if "client_id" in given or "client_secret" in given:
        _require(values, CREDENTIAL, path)
    given["subscription_id"] = values["DATA_SHARE_AZURE_SUBSCRIPTION_ID"]
    return profiles.resolve(named, arguments=given, origin=str(path))


def _place(values: Mapping[str, str]) -> Place:
    subscription_id = SubscriptionId(values["DATA_SHARE_AZURE_SUBSCRIPTION_ID"])
    return Place(subscription_id, values["DATA_SHARE_RESOURCE_GROUP"], values["DATA_SHARE_ACCOUNT_NAME"])


def _store(values: Mapping[str, str]) -> Store:
    return Store(
        values["STORAGE_AZURE_SUBSCRIPTION_ID"], values["STORAGE_RESOURCE_GROUP"], values["STORAGE_ACCOUNT_NAME"]
    )
