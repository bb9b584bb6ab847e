"""The XML documents that the blob API takes and gives, block lists and stored access policies.

Source: storage.md 3.1, 3.2. Documents from outside are read without entities and document types.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from lakeport_local.storage.errors import refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

Policies: TypeAlias = dict[str, dict[str, str]]

_MOST_POLICIES = 5
_POLICY = {"Start": "st", "Expiry": "se", "Permission": "sp"}


def parsed(data: bytes, root: str) -> Element:
    """Read an XML document.

    Raises:
        ServiceError: 400 `InvalidXmlDocument`.
    """
    try:
        found = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise refusal("InvalidXmlDocument") from None
    if found.tag != root:
        raise refusal("InvalidXmlDocument")
    return found


def block_list_of(data: bytes) -> list[tuple[str, str]]:
    """Read a block list: (`Latest`, `Committed` or `Uncommitted`, block id), in order.

    Raises:
        ServiceError: 400 `InvalidXmlDocument`.
    """
    found = [(child.tag, (child.text or "").strip()) for child in parsed(data, "BlockList")]
    if any(kind not in {"Latest", "Committed", "Uncommitted"} for kind, _ in found):
        raise refusal("InvalidXmlDocument")
    return found


def block_list_xml(committed: Iterable[tuple[str, int]] | None, uncommitted: Iterable[tuple[str, int]] | None) -> str:
    """Spell the block lists asked for; None leaves one out."""

    def blocks(name: str, found: Iterable[tuple[str, int]] | None) -> str:
        if found is None:
            return ""
        inner = "".join(f"<Block><Name>{escape(one)}</Name><Size>{size}</Size></Block>" for one, size in found)
        return f"<{name}>{inner}</{name}>"

    return f"<BlockList>{blocks('CommittedBlocks', committed)}{blocks('UncommittedBlocks', uncommitted)}</BlockList>"


def policies_of(data: bytes) -> Policies:
    """Read stored access policies: by id, the signature fields they supply.

    Raises:
        ServiceError: 400 `InvalidXmlDocument`.
    """
    found: Policies = {}
    for one in parsed(data, "SignedIdentifiers") if data else ():
        name, policy = one.findtext("Id") or "", one.find("AccessPolicy")
        if not name or len(name) > 64 or name in found:
            raise refusal("InvalidXmlDocument")
        values = {} if policy is None else {short: policy.findtext(long) for long, short in _POLICY.items()}
        found[name] = {short: value.strip() for short, value in values.items() if value}
    if len(found) > _MOST_POLICIES:
        raise refusal("InvalidXmlDocument")
    return found


def _instant(text: str) -> str:
    """Spell an instant of a policy as the service gives it back: with seven decimals."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}0Z"


def policies_xml(policies: Policies) -> str:
    """Spell stored access policies."""

    def policy(fields: dict[str, str]) -> str:
        given = "".join(
            f"<{long}>{escape(fields[short] if short == 'sp' else _instant(fields[short]))}</{long}>"
            for long, short in _POLICY.items()
            if short in fields
        )
        return f"<AccessPolicy>{given}</AccessPolicy>" if given else ""

    inner = "".join(
        f"<SignedIdentifier><Id>{escape(name)}</Id>{policy(fields)}</SignedIdentifier>"
        for name, fields in policies.items()
    )
    return f"<SignedIdentifiers>{inner}</SignedIdentifiers>"
