"""Shared access signatures: what they must have signed, and whether they hold for a request.

Source: storage.md 4.3 to 4.6.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

from lakeport_local.access import Principal, SharedAccess
from lakeport_local.core import ServiceError, parse_instant
from lakeport_local.storage.delegation import DelegationKey
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.names import normal_path
from lakeport_local.storage.settings import is_hierarchical
from lakeport_local.storage.shared_key import is_signed
from lakeport_local.storage.strings import account_string, canonical_resource, service_string, signed_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from lakeport_local.core import Request
    from lakeport_local.entra import Directory
    from lakeport_local.state import Resource
    from lakeport_local.storage.address import Address, Level
    from lakeport_local.storage.delegation import DelegationKeys

_OLDEST_FLAT_DIRECTORY = "2026-06-06"  # [A] the version that came with the blob SDK's first signatures of prefixes
_SKEW = timedelta(minutes=5)
_PARAMETERS = frozenset(
    (
        *("sv", "ss", "srt", "sr", "sp", "st", "se", "sip", "spr", "si", "sig", "sdd", "ses"),
        *("skoid", "sktid", "skt", "ske", "sks", "skv", "saoid", "suoid", "scid", "skdutid", "sduoid", "srh", "srq"),
        *("rscc", "rscd", "rsce", "rscl", "rsct"),
    )
)
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_FROM_POLICY = ("sp", "st", "se")


_TYPES: dict[Level, str] = {"account": "s", "file_system": "c", "path": "o"}


def _failed(detail: str) -> ServiceError:
    return refusal("AuthenticationFailed", AuthenticationErrorDetail=detail)


@dataclass(frozen=True, slots=True)
class Presented:
    """A signature as a request presents it.

    Attributes:
        fields: Its parameters, decoded once.
        request: The request.
        account: The account addressed.
        address: What is addressed.
        path: The path addressed, or the directory that a listing is of.
    """

    fields: Mapping[str, str]
    request: Request
    account: Resource
    address: Address
    path: str


class Signatures:
    """Tells who presents a shared access signature.

    Args:
        keys: Gives the values of user delegation keys.
        directory: Knows their owners.
        policy: Gives a container's stored access policy by account uid, container and id.
    """

    def __init__(
        self, keys: DelegationKeys, directory: Directory, policy: Callable[[int, str, str], Mapping[str, str] | None]
    ) -> None:
        self._keys = keys
        self._directory = directory
        self._policy = policy

    def caller(self, request: Request, account: Resource, address: Address, bearer: Principal | None) -> SharedAccess:
        """Return who presents the signature in a request's query.

        Raises:
            ServiceError: 403: it does not hold.
        """
        presented = _presented(request, account, address)
        fields = presented.fields
        if "ss" in fields:
            found = self._account_signature(presented)
        elif "skoid" in fields:
            found = self._delegated_signature(presented, bearer)
        else:
            found = self._service_signature(presented)
        if bearer is not None and not fields.keys() & {"sduoid", "skdutid"}:
            raise _failed("A bearer token goes only with a signature bound to its principal.")
        _check_time(fields, request.at)
        _check_origin(fields, request)
        _check_reach(presented)
        return found

    def _account_signature(self, presented: Presented) -> SharedAccess:
        account, fields = presented.account, presented.fields
        _check_signature(fields, account_string(account.name, fields), _account_keys(account))
        return SharedAccess(account.id, frozenset(fields.get("sp", "")))

    def _service_signature(self, presented: Presented) -> SharedAccess:
        account, fields = presented.account, presented.fields
        resource = canonical_resource(account.name, presented.address.file_system, presented.path, fields)
        _check_signature(fields, service_string(fields, resource, presented.request), _account_keys(account))
        if fields.get("si"):
            policy = self._policy(account.uid, presented.address.file_system, fields["si"])
            if policy is None or any(fields.get(name) and policy.get(name) for name in _FROM_POLICY):
                raise _failed("The stored access policy does not exist, or says what the signature says too.")
            fields = {**policy, **fields}
            if not fields.get("se"):
                raise _failed("se is mandatory. Cannot be empty")
            _check_time(fields, presented.request.at)
        return SharedAccess(account.id, frozenset(fields.get("sp", "")), is_of_one_blob=fields["sr"].startswith("b"))

    def _delegated_signature(self, presented: Presented, bearer: Principal | None) -> SharedAccess:
        account, fields = presented.account, presented.fields
        names = ("skoid", "sktid", "skt", "ske", "sks", "skv", "skdutid")
        key = DelegationKey(*(fields.get(name, "") for name in names))
        resource = canonical_resource(account.name, presented.address.file_system, presented.path, fields)
        text = service_string(fields, resource, presented.request)
        _check_signature(fields, text, [self._keys.value(account, key)])
        _check_key_time(fields, presented.request.at)
        tenant = str(account.internal["tenant_id"])
        signer = self._directory.principal(tenant, key.object_id) if key.tenant_id == tenant else None
        if signer is None:
            raise _failed("The user delegation key is of nobody in the account's tenant.")
        _check_binding(fields, account, bearer)
        agent, subject_id = fields.get("saoid", "").lower(), fields.get("suoid", "").lower()
        if agent and subject_id:
            raise _failed("saoid and suoid do not go together.")
        if not _GUID.fullmatch(agent or subject_id or key.object_id):
            raise _failed("saoid or suoid is no object id.")
        subject = self._directory.principal(tenant, subject_id) if subject_id else None
        if subject_id and subject is None:
            # Whoever the directory does not know owns paths and stands in lists all the same.
            subject = Principal(tenant, subject_id, "", "User", "")
        letters, is_of_one_blob = frozenset(fields.get("sp", "")), fields["sr"].startswith("b")
        return SharedAccess(account.id, letters, signer, subject, agent or subject_id, is_of_one_blob)


def bearers_tenant(request: Request, account: Resource) -> str:
    """Return the tenant whose principals may use a request's signature with their own token.

    It is the account's, unless the signature is bound to another and the account allows that.
    """
    home = str(account.internal["tenant_id"])
    named = (request.parameter("skdutid") or "").lower()
    return named if named and account.properties.get("allowCrossTenantDelegationSas") is True else home


def _check_binding(fields: Mapping[str, str], account: Resource, bearer: Principal | None) -> None:
    """Refuse who is not the principal, or not of the tenant, that a signature is bound to."""
    tenant, object_id = fields.get("skdutid", "").lower(), fields.get("sduoid", "").lower()
    if tenant not in {"", account.internal["tenant_id"]} and not account.properties.get(
        "allowCrossTenantDelegationSas"
    ):
        raise _failed("User delegation across tenants is not allowed on this account.")
    if not (tenant or object_id):
        return
    if (
        bearer is None
        or bearer.tenant_id != (tenant or bearer.tenant_id)
        or bearer.object_id != (object_id or bearer.object_id)
    ):
        raise _failed("The signature is bound to another principal.")


def _account_keys(account: Resource) -> list[str]:
    if account.properties.get("allowSharedKeyAccess") is False:
        raise refusal("KeyBasedAuthenticationNotPermitted")
    return [str(key) for key in account.internal["keys"]]


def _presented(request: Request, account: Resource, address: Address) -> Presented:
    given = [(name.lower(), value) for name, value in request.query if name.lower() in _PARAMETERS]
    counted = Counter(name for name, _ in given)
    fields = {name: value for name, value in given if value}
    if any(count > 1 for count in counted.values()) or ("ss" in fields and "sr" in fields):
        raise _failed("A signature's parameters are given twice or contradict each other.")
    if not fields.get("sv") or not ({"ss", "sr"} & set(fields)):
        raise _failed("The signature's parameters are incomplete.")
    covered = signed_names(fields)
    if covered is None or not fields.keys() <= covered:
        raise _failed("The signature's parameters are not those of its kind and version.")
    if fields.get("sr") == "d" and not (is_hierarchical(account) or fields["sv"] >= _OLDEST_FLAT_DIRECTORY):
        raise _failed("A signature of this version of a directory is for accounts that have directories.")
    if any(_CONTROL.search(value) for value in fields.values()):
        raise _failed("A signature's parameter is malformed.")
    path = address.path
    if address.level(request) == "file_system":
        prefix = (request.parameter("prefix") or "").rpartition("/")[0]
        path = normal_path((request.parameter("directory") or "") if address.api == "dfs" else prefix)
    return Presented(fields, request, account, address, path)


def _check_signature(fields: Mapping[str, str], text: str | None, keys: list[str]) -> None:
    if text is None or not is_signed(fields.get("sig", ""), [text], keys):
        raise _failed("Signature did not match.")


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError:
        raise _failed("A time of the signature is malformed.") from None


def _check_time(fields: Mapping[str, str], now: datetime) -> None:
    if fields.get("st") and now + _SKEW < _instant(fields["st"]):
        raise _failed("Signature not valid in the specified time frame.")
    if fields.get("se"):
        if now >= _instant(fields["se"]):
            raise _failed("Signature not valid in the specified time frame.")
    elif not fields.get("si"):
        raise _failed("se is mandatory. Cannot be empty")


def _check_key_time(fields: Mapping[str, str], now: datetime) -> None:
    begins, ends = _instant(fields.get("skt", "")), _instant(fields.get("ske", ""))
    if not begins <= now + _SKEW or now >= ends or _instant(fields.get("se", "")) > ends + _SKEW:
        raise _failed("The user delegation key is not valid in the specified time frame.")


def _check_origin(fields: Mapping[str, str], request: Request) -> None:
    if fields.get("spr") and request.scheme not in fields["spr"].split(","):
        raise refusal("AuthorizationProtocolMismatch")
    if not fields.get("sip"):
        return
    low, _, high = fields["sip"].partition("-")
    try:
        client = ip_address(request.client)
        begins, ends = ip_address(low), ip_address(high or low)
    except ValueError:
        raise refusal("AuthorizationSourceIPMismatch") from None
    if not (client.version == begins.version == ends.version and int(begins) <= int(client) <= int(ends)):
        raise refusal("AuthorizationSourceIPMismatch")


def _check_reach(presented: Presented) -> None:
    """Refuse a request that addresses what the signature, whatever it permits, is not for."""
    fields, request = presented.fields, presented.request
    level = presented.address.level(request)
    if "ss" in fields:
        if "b" not in fields["ss"]:
            raise refusal("AuthorizationServiceMismatch")
        if _TYPES[level] not in fields.get("srt", ""):
            raise refusal("AuthorizationResourceTypeMismatch")
        return
    word = "resource" if presented.address.api == "dfs" else "comp"
    is_listing = request.method == "GET" and (request.parameter(word) or "").lower() in {"list", "filesystem", "blobs"}
    is_information = (request.parameter("restype") or "").lower() == "account"
    is_batch = request.method == "POST" and (request.parameter("comp") or "").lower() == "batch" and fields["sr"] == "c"
    if level != "path" and not ((is_listing and fields["sr"] in {"c", "d"}) or is_information or is_batch):
        raise refusal("AuthorizationFailure")
