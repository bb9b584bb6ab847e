"""What a function app's settings wish for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport import documents, profiles
from lakeport.access.roles import Store
from lakeport.errors import BadFile
from lakeport.share.desired import FILE_SYSTEM, Consumer, Destination, Place
from lakeport.share.files import check_template
from lakeport.share.invite_book import InviteBook
from lakeport.share.schema import AcceptEntry
from lakeport.share.senders import SenderBook
from lakeport.types import SubscriptionId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakeport.share.desired import Accept

REQUIRED = (
    "DATA_SHARE_ACCOUNT_NAME",
    "DATA_SHARE_RESOURCE_GROUP_NAME",
    "DATA_SHARE_AZURE_SUBSCRIPTION_ID",
    "DESTINATION_STORAGE_ACCOUNT_NAME",
    "DESTINATION_STORAGE_RESOURCE_GROUP_NAME",
    "DESTINATION_STORAGE_SUBSCRIPTION_ID",
)
ACCEPT, LANDING, FOLDER = "LAKEPORT_ACCEPT", "DESTINATION_FILE_SYSTEM_NAME", "DESTINATION_FOLDER"
NOBODY = f"{ACCEPT} is not set: no invitation is accepted. Write it as accept: of a receive.yaml"


def consumer(settings: Mapping[str, str], book: InviteBook | None = None) -> Consumer:
    """Return what a function app's settings want.

    Args:
        settings: The app's settings. Besides the six of `REQUIRED`: `LAKEPORT_ACCEPT` lists whose invitations are
            accepted, as `accept:` of a receive.yaml does, and without it none is; `DESTINATION_FILE_SYSTEM_NAME` and
            `DESTINATION_FOLDER` are templates of the place, by default that of the source.
        book: Who is known here; senders are looked up in it.

    Raises:
        BadFile: A setting is missing or wrong.

    Example:
        >>> import os
        >>> consumer(os.environ).accept  # doctest: +SKIP
        (Accept(tenant='contoso', share='*'),)
    """
    missing = [name for name in REQUIRED if not settings.get(name)]
    if missing:
        raise BadFile(f"the setting {missing[0]} is missing", hint=f"Missing: {', '.join(missing)}")
    resolved = profiles.resolve(
        None, arguments={"subscription_id": settings["DATA_SHARE_AZURE_SUBSCRIPTION_ID"]}, origin="the settings"
    )
    senders = SenderBook(resolved, book or InviteBook(resolved))
    accepted = _accepted(settings.get(ACCEPT, ""), senders)
    return Consumer(
        resolved,
        Place(
            SubscriptionId(settings["DATA_SHARE_AZURE_SUBSCRIPTION_ID"]),
            settings["DATA_SHARE_RESOURCE_GROUP_NAME"],
            settings["DATA_SHARE_ACCOUNT_NAME"],
        ),
        accepted,
        (_destination(settings),),
        where="the function app's settings",
        notes=() if accepted else (NOBODY,),
        places=senders.places,
    )


def _accepted(text: str, senders: SenderBook) -> tuple[Accept, ...]:
    entries = documents.decode(text, list[AcceptEntry], ACCEPT) if text.strip() else []
    return tuple(senders.rule(entry, f"{ACCEPT}[{index}]") for index, entry in enumerate(entries))


def _destination(settings: Mapping[str, str]) -> Destination:
    store = Store(
        settings["DESTINATION_STORAGE_SUBSCRIPTION_ID"],
        settings["DESTINATION_STORAGE_RESOURCE_GROUP_NAME"],
        settings["DESTINATION_STORAGE_ACCOUNT_NAME"],
    )
    landing, folder = settings.get(LANDING) or "{file_system}", settings.get(FOLDER) or "{path}"
    for name, template in ((LANDING, landing), (FOLDER, folder)):
        check_template(template, name)
    if "{" not in landing and not FILE_SYSTEM.fullmatch(landing):
        raise BadFile(f"{LANDING}: {landing!r} is no name of a file system", hint="3 to 63 of a-z, 0-9 and -")
    return Destination(store, landing, folder)
