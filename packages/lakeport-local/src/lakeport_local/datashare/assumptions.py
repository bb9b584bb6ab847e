"""What no public record tells about the real service, decided here: one function a choice, each with its reason.

When evidence turns up, it is put in its function and nowhere else. Source: the passages tagged `[A]` in data-share.md.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from lakeport_local.core import parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from lakeport_local.datashare.kinds import Kind


def default_share_kind() -> str:
    """Return the kind of a share whose body names none: every sample that leaves it out copies."""
    return "CopyBased"


def can_map(source: Kind, target: Kind) -> bool:
    """Tell whether a data set's kind can go to a mapping's: a file to a file, many to many.

    Container to BlobFolder is recorded; that the rest follows the same line is ours.
    """
    return (source.form == "file") == (target.form == "file")


def data_set_path(kind: Kind, properties: Mapping[str, Any]) -> str:  # Any: JSON values
    """Return `dataSetPath`: the container's name is recorded; container and path for the rest, as people write them."""
    container, path = kind.place(properties)
    return f"{container}/{path}" if path else container


def subscription_status(
    *, source_exists: bool, revoked_at: str | None, expires_at: str | None, now: datetime, done_at: str | None
) -> str:
    """Return `shareSubscriptionStatus`.

    A deleted source is final; an expired subscription behaves as a revoked one, because both end access and there is no fourth state.
    """
    if not source_exists:
        return "SourceDeleted"
    if revoked_at is not None:
        return "Revoking" if done_at is not None and now < parse_instant(done_at) else "Revoked"
    if expires_at is not None and parse_instant(expires_at) <= now:
        return "Revoked"
    return "Active"


def mapping_status(*, data_set_exists: bool, store_exists: bool) -> str:
    """Return `dataSetMappingStatus`: broken as soon as one of its ends is gone; it is never removed by itself."""
    return "Ok" if data_set_exists and store_exists else "Broken"


def same_schedule(setting: Mapping[str, Any], trigger: Mapping[str, Any]) -> bool:  # Any: JSON values
    """Tell whether a trigger repeats the provider's schedule; another one is refused, since the provider owns it."""
    return bool(
        setting["recurrenceInterval"] == trigger["recurrenceInterval"]
        and parse_instant(setting["synchronizationTime"]) == parse_instant(trigger["synchronizationTime"])
    )


def withdrawn_status(status: str) -> str:
    """Return an invitation's status for its invitee once the provider deleted it or its share."""
    return "Withdrawn" if status == "Pending" else status


def changes_after(last_good_at: datetime | None) -> datetime | None:
    """Return after which instant of last modification an incremental snapshot takes files; None for all of them.

    That of the last good one, and without one it is full. Nothing but a file's own last modification counts: a directory renamed, or
    moved into what is shared, changes its files' paths and not them, so that they come with the next full snapshot.
    """
    return last_good_at


def takes_directory(directory: str, target: str | None) -> bool:
    """Tell whether a snapshot takes the files of a directory of its source.

    Not of its own target where that lies inside the source: a snapshot that brought its own copies would grow with every run.

    Args:
        directory: Full path.
        target: Where the snapshot puts things, if that is in the same file system.
    """
    return target is None or not f"{directory}/".startswith(f"{target}/")


def gone_blob(account: str, container: str, path: str) -> tuple[str, str, str]:
    """Return code, message and target for a source file that is gone: recorded once, for a blob; used for every file kind."""
    return (
        "10002",
        "Failed because Blob is missing or cannot be located. Please check the blob name and path and retry later.",
        "ErrorCode=UserErrorSourceBlobNotExist,'Type=Microsoft.DataTransfer.Common.Shared.HybridDeliveryException,"
        f"Message=The required Blob is missing. ContainerName: https://{account}.blob.core.windows.net/{container}, path: {path}.,"
        "Source=Microsoft.DataTransfer.ClientLibrary,'",
    )


def gone_container(account: str, container: str) -> tuple[str, str, str]:
    """Return code, message and target for a source container that is gone: worded after the missing blob, whose code is recorded."""
    return (
        "10002",
        "Failed because the container or file system is missing or cannot be located. Please check its name and retry later.",
        f"ContainerName: https://{account}.blob.core.windows.net/{container}",
    )


def is_addressed(name: str, mail: str, target: str) -> bool:
    """Tell whether an invitation sent to an address is a user's: it went to their sign-in name or mail."""
    return target.lower() in {name.lower(), mail.lower()}


def is_guest(name: str) -> bool:
    """Tell by their name whether a user is a guest, who has to register an address before invitations to it are theirs."""
    return "#ext#" in name.lower()


def registered_until(now: datetime) -> datetime:
    """Return when a registration made now ends: twelve months are documented; those of a pending one are counted likewise."""
    return now + timedelta(days=365)


def status_after_wrong_code(tries: int) -> str:
    """Return `registrationStatus` after so many tries, all of them wrong: the status exists, the number is ours."""
    return "ActivationPending" if tries < 5 else "ActivationAttemptsExhausted"
