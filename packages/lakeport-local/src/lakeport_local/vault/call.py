"""One request that passed the vault's door, and what handlers read from it and answer with."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

from lakeport_local.core import Response
from lakeport_local.vault.chest import DAYS_KEPT
from lakeport_local.vault.errors import bad_body, bad_parameter

if TYPE_CHECKING:
    from lakeport_local.access import Principal
    from lakeport_local.core import Request
    from lakeport_local.state import Resource
    from lakeport_local.vault.chest import Chest, Version
    from lakeport_local.vault.sealing import Sealing

Document: TypeAlias = dict[str, Any]  # Any: a JSON object

NAME = re.compile(r"[0-9A-Za-z-]{1,127}", re.ASCII)
_MOST_PER_PAGE = 25
_MOST_TAGS = 15
_MOST_TAG = 256
_LAST_SECOND = 253_402_300_799  # of the year 9999


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Attributes:
        request: The request.
        caller: Whose token it carries.
        vault: The vault's resource.
        name: The secret or certificate that the path names; empty where it names none.
        version: The version that the path names, or empty.
        chest: What vaults hold.
        sealing: Seals backups.
    """

    request: Request
    caller: Principal
    vault: Resource
    name: str
    version: str
    chest: Chest
    sealing: Sealing

    @property
    def origin(self) -> str:
        """The vault's URL, as ids begin."""
        return f"https://{self.vault.name.lower()}.vault.azure.net"

    @property
    def days_kept(self) -> int:
        """How long deleted secrets are kept."""
        return int(self.vault.properties.get("softDeleteRetentionInDays") or DAYS_KEPT)

    @property
    def is_protected(self) -> bool:
        """True when nothing can be purged before its time."""
        return self.vault.properties.get("enablePurgeProtection") is True

    def body(self) -> Document:
        """Return the request's body.

        Raises:
            ServiceError: 400: it is no JSON object.
        """
        try:
            read = orjson.loads(self.request.data or b"{}")
        except ValueError:
            read = None
        if not isinstance(read, dict):
            raise bad_body()
        return read

    def page(self) -> tuple[str, int]:
        """Return after which name the page begins, and how many items it has.

        Raises:
            ServiceError: 400: neither makes sense.
        """
        wanted = self.request.parameter("maxresults") or str(_MOST_PER_PAGE)
        if not re.fullmatch(r"\d{1,3}", wanted, re.ASCII) or not 1 <= int(wanted) <= _MOST_PER_PAGE:
            raise bad_parameter(f"maxresults must be between 1 and {_MOST_PER_PAGE}.")
        after = self.request.parameter("$skiptoken") or ""
        if after and not NAME.fullmatch(after):
            raise bad_parameter("The specified skiptoken is not valid.")
        return after, int(wanted)

    def listed(self, items: list[tuple[str, Document]], limit: int) -> Response:
        """Answer with a page; `items` come with the names they are sorted by, one more than the page holds."""
        page = items[:limit]
        link = None
        if len(items) > limit:
            version = self.request.parameter("api-version")
            host = self.origin.removeprefix("https://")
            path = self.request.raw_path.rstrip("/")
            link = f"https://{host}:443{path}?api-version={version}&$skiptoken={page[-1][0]}&maxresults={limit}"
        return answer({"value": [document for _, document in page], "nextLink": link})


def answer(body: Document, status: int = 200) -> Response:
    """Return a JSON answer."""
    return Response(status, body=orjson.dumps(body))


def with_attributes(version: Version, body: Document) -> Version:
    """Return a version with the attributes, tags and content type that a body sets.

    Raises:
        ServiceError: 400 for what makes no sense.
    """
    attributes = body.get("attributes") or {}
    if not isinstance(attributes, dict):
        raise bad_parameter("Property  has invalid value")
    changed = version
    if attributes.get("enabled") is not None:
        changed = replace(changed, is_enabled=_flag(attributes["enabled"]))
    if "nbf" in attributes:
        changed = replace(changed, not_before=_instant(attributes["nbf"], "nbf"))
    if "exp" in attributes:
        changed = replace(changed, expires=_instant(attributes["exp"], "exp"))
    if body.get("tags") is not None:
        changed = replace(changed, tags=_tags(body["tags"]))
    if body.get("contentType") is not None:
        changed = replace(changed, content_type=_text(body["contentType"], "contentType"))
    if changed.not_before and changed.expires and changed.expires <= changed.not_before:
        raise bad_parameter("Property exp must be later than property nbf.")
    return changed


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise bad_parameter("Property enabled has invalid value")
    return value


def _instant(value: object, name: str) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LAST_SECOND:
        raise bad_parameter(f"Property {name} has invalid value")
    return datetime.fromtimestamp(value, UTC)


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or len(value) > 255:
        raise bad_parameter(f"Property {name} has invalid value")
    return value


def _tags(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > _MOST_TAGS:
        raise bad_parameter("Property tags has invalid value")
    for name, text in value.items():
        if not isinstance(text, str) or len(name) > _MOST_TAG or len(text) > _MOST_TAG:
            raise bad_parameter("Property tags has invalid value")
    return value
