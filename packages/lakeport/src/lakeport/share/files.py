"""`share.yaml` and `receive.yaml`, read into what both sides should be. Nothing is sent while a file is wrong."""

from __future__ import annotations

import re
from string import Formatter
from typing import TYPE_CHECKING

from lakeport import documents, profiles
from lakeport.access.roles import Store
from lakeport.errors import BadFile
from lakeport.share import kinds, manifests, schema
from lakeport.share.desired import (
    ANYBODY,
    FILE_SYSTEM,
    PLACEHOLDERS,
    Consumer,
    Destination,
    Invitee,
    Place,
    Provider,
    WishedDataSet,
)
from lakeport.share.invite_book import InviteBook
from lakeport.share.schedules import Schedule, parse_at, parse_span
from lakeport.share.senders import SenderBook
from lakeport.types import SubscriptionId

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta
    from pathlib import Path

    from lakeport.profiles import Profile

_NAME = re.compile(r"[A-Za-z0-9_-]{2,90}")
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_PLACE = re.compile(
    r"(?P<scheme>abfss|wasbs)://(?P<file_system>[^@/]+)@(?P<account>[a-z0-9]{3,24})\.(?P<suffix>[a-z0-9.-]+)(?P<path>/.*)?"
)


def provider(path: Path, *, profile: str | None = None, book: InviteBook | None = None) -> Provider:
    """Return what a `share.yaml` wants.

    Args:
        path: The file.
        profile: The profile that wins over the file's.
        book: Who is known on this machine; invitees are looked up in it before anything is sent.

    Raises:
        BadFile: The file is wrong.
        BadProfile: A value is neither in the file nor in the profile.
        WrongIdKind: An invitee is named by an id of the wrong kind.
    """
    file = documents.read(path, schema.ShareFile)
    resolved = profiles.resolve(profile or file.profile)
    where = str(path)
    place = _place(file, resolved, where)
    checked_name(file.share, "share", where)
    data_sets = tuple(_data_set(entry, place, resolved, where) for entry in file.datasets)
    listed = manifests.data_set(file.share, data_sets) if file.manifest else None
    data_sets = (*data_sets, listed) if listed is not None else data_sets
    _refuse_twice([one.name for one in data_sets], "data set", where)
    book = book or InviteBook(resolved)
    return Provider(
        resolved,
        place,
        file.share,
        data_sets,
        tuple(_invitee(entry, book, where) for entry in file.invite),
        file.description,
        file.terms,
        file.location,
        _schedule(file.schedule, where),
        str(path),
        tuple(book.notes),
        _span(file.stale_after, where),
    )


def consumer(path: Path, *, profile: str | None = None, book: InviteBook | None = None) -> Consumer:
    """Return what a `receive.yaml` wants.

    Args:
        path: The file.
        profile: The profile that wins over the file's.
        book: Who is known on this machine; senders are looked up in it.

    Raises:
        BadFile: The file is wrong.
        BadProfile: A value is neither in the file nor in the profile.
    """
    file = documents.read(path, schema.ReceiveFile)
    resolved = profiles.resolve(profile or file.profile)
    place = _place(file, resolved, str(path))
    senders = SenderBook(resolved, book or InviteBook(resolved))
    return Consumer(
        resolved,
        place,
        tuple(senders.rule(rule, f"{path}: accept[{index}].from") for index, rule in enumerate(file.accept)),
        tuple(_destination(rule, place, f"{path}: map[{index}]") for index, rule in enumerate(file.map)),
        file.location,
        follow=file.schedule == "follow",
        mode="FullSync" if file.sync.mode == "full" else "Incremental",
        verify=file.sync.verify,
        where=str(path),
        stale_after=_span(file.sync.stale_after, str(path)),
        notes=tuple(_risks(file, str(path))),
        places=senders.places,
    )


def _risks(file: schema.ReceiveFile, where: str) -> Iterator[str]:
    for index, rule in enumerate(file.accept):
        if rule.sender == ANYBODY and not rule.invitation:
            yield f"{where}: accept[{index}] takes invitations from anybody: a stranger's data is written where map: says"


def _place(file: schema.ShareFile | schema.ReceiveFile, resolved: Profile, where: str) -> Place:
    found = {
        "account": file.account or resolved.text("share_account"),
        "resource_group": file.resource_group or resolved.resource_group,
        "subscription_id": file.subscription_id or resolved.subscription_id,
    }
    for key, value in found.items():
        if not value:
            hint = f"Write {key}: in the file or give it to the profile"
            raise BadFile(f"{where}: neither the file nor profile {resolved.name!r} says {key}", hint=hint)
    return Place(SubscriptionId(found["subscription_id"]), found["resource_group"], found["account"])


def _data_set(entry: schema.DataSetEntry, place: Place, resolved: Profile, where: str) -> WishedDataSet:
    at = f"{where}: data set {entry.name!r}"
    checked_name(entry.name, "data set", where)
    given = {key: value for key in kinds.BY_KEY if (value := getattr(entry, key)) is not None}
    if entry.kind is not None and not given:
        return WishedDataSet(entry.name, entry.kind, entry.properties or {}, None)
    if len(given) != 1 or entry.kind is not None or entry.properties is not None:
        hint = f"Write one of {', '.join(kinds.BY_KEY)}; or kind with properties"
        raise BadFile(f"{at} must say one thing that it is, and says {', '.join(given) or 'none'}", hint=hint)
    key, path = next(iter(given.items()))
    account = entry.storage_account or resolved.storage_account
    if not account:
        hint = "Write storage_account: there or give it to the profile"
        raise BadFile(f"{at}: neither the file nor profile {resolved.name!r} says storage_account", hint=hint)
    if not _ACCOUNT.fullmatch(account):
        raise BadFile(f"{at}: {account!r} is no name of a storage account", hint="3 to 24 of a-z and 0-9")
    store = Store(entry.subscription_id or place.subscription_id, entry.resource_group or place.resource_group, account)
    try:
        properties = kinds.source_properties(kinds.BY_KEY[key], path)
    except ValueError as error:
        raise BadFile(f"{at}: {error}") from error
    checked_file_system(properties[kinds.BY_KEY[key].root], at)
    return WishedDataSet(entry.name, kinds.BY_KEY[key].wire, {**store.properties, **properties}, store)


def _schedule(entry: schema.ScheduleEntry | str | None, where: str) -> Schedule | str | None:
    if entry is None or isinstance(entry, str):
        return entry
    try:
        return Schedule(entry.every, parse_at(entry.at) if entry.at is not None else None)
    except ValueError as error:
        raise BadFile(f"{where}: schedule.at {error}") from error


def _span(text: str | None, where: str) -> timedelta | None:
    try:
        return parse_span(text) if text is not None else None
    except ValueError as error:
        raise BadFile(f"{where}: stale_after {error}") from error


def _invitee(entry: schema.InviteEntry, book: InviteBook, where: str) -> Invitee:
    if entry.name is not None:
        checked_name(entry.name, "invitation", where)
    if entry.expires is not None and entry.expires.tzinfo is None:
        raise BadFile(f"{where}: expires must say its offset", hint="Write it like 2026-12-31T00:00:00Z")
    if entry.email and not (entry.tenant or entry.principal):
        name = entry.name or invitation_name(entry.email)
        return Invitee(name, entry.email, email=entry.email, expires_at=entry.expires, again=entry.again)
    if not entry.tenant or not entry.principal or entry.email:
        raise BadFile(f"{where}: an invite must say tenant and principal, or email alone")
    found = book.find(entry.tenant, entry.principal)
    name = entry.name or invitation_name(f"{entry.tenant}-{entry.principal}")
    return Invitee(name, found.shown, found.tenant_id, found.object_id, expires_at=entry.expires, again=entry.again)


def invitation_name(text: str) -> str:
    """Return a name for an invitation that the service takes."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-")[:80] or "invitation"


def _destination(rule: schema.MapEntry, place: Place, where: str) -> Destination:
    if rule.kind is not None and rule.to is None:
        for value in (rule.properties or {}).values():
            check_template(str(value), f"{where}.properties")
        return Destination(
            None, data_set=rule.dataset, share=rule.share, kind=rule.kind, properties=rule.properties or {}
        )
    found = _PLACE.fullmatch(rule.to or "")
    if found is None or rule.kind is not None:
        hint = "Write it like abfss://{file_system}@ACCOUNT.dfs.core.windows.net/{folder}, or kind with properties"
        raise BadFile(f"{where}.to: {rule.to!r} is no place in a lake", hint=hint)
    path = (found["path"] or "").lstrip("/")
    for template in (found["file_system"], path):
        check_template(template, f"{where}.to")
    try:
        kinds.checked_path("/".join(part for part in path.split("/") if part))
    except ValueError as error:
        raise BadFile(f"{where}.to: {error}") from error
    if "{" not in found["file_system"]:
        checked_file_system(found["file_system"], f"{where}.to")
    subscription_id, group = rule.subscription_id or place.subscription_id, rule.resource_group or place.resource_group
    store = Store(subscription_id, group, found["account"])
    in_blob = found["scheme"] == "wasbs"
    return Destination(store, found["file_system"], path, rule.dataset, rule.share, in_blob=in_blob)


def check_template(template: str, where: str) -> None:
    """Refuse a template that cannot be filled in.

    Raises:
        BadFile: It has a placeholder that there is no value for, or its braces do not close.
    """
    try:
        used = [(name, form, way) for _, name, form, way in Formatter().parse(template) if name is not None]
    except ValueError as error:
        raise BadFile(f"{where}: {template!r} is no template: {error}") from error
    for name, form, way in used:
        if name not in PLACEHOLDERS or form or way:
            known = ", ".join(f"{{{one}}}" for one in PLACEHOLDERS)
            raise BadFile(f"{where}: unknown placeholder {{{name}}}", hint=f"Placeholders: {known}")


def checked_file_system(name: str, where: str) -> None:
    """Refuse a name that no file system or container can have.

    Raises:
        BadFile: It has other letters, or is too short or too long.
    """
    if not FILE_SYSTEM.fullmatch(name):
        raise BadFile(f"{where}: {name!r} is no name of a file system", hint="3 to 63 of a-z, 0-9 and -")


def checked_name(name: str, what: str, where: str) -> None:
    """Refuse a name that the service would refuse.

    Raises:
        BadFile: It has other letters, or is too short or too long.
    """
    if not _NAME.fullmatch(name):
        hint = "2 to 90 letters, digits, _ and -"
        raise BadFile(f"{where}: {name!r} is no name for a {what}: the service would refuse it", hint=hint)


def _refuse_twice(names: list[str], what: str, where: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise BadFile(f"{where}: there are two {what}s named {name!r}")
        seen.add(name.lower())
