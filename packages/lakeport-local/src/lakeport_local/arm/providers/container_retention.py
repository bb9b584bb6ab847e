"""Legal holds on containers, and policies that keep their blobs for some days.

Source: Storage resource provider REST reference, "Blob Containers - Set Legal Hold", "- Create Or Update Immutability Policy".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lakeport_local.arm import errors
from lakeport_local.arm.table import Document, Operation
from lakeport_local.core import ServiceError, iso_instant

if TYPE_CHECKING:
    from lakeport_local.arm.call import Call
    from lakeport_local.arm.containers import Container, Containers
    from lakeport_local.core import Response
    from lakeport_local.state import Resource

_CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
_POLICIES = f"{_CONTAINERS}/immutabilityPolicies"
_TAG = re.compile(r"[a-z0-9]{3,23}", re.ASCII)
_MOST_TAGS = 10
_MOST_DAYS = 146_000


def retention_shown(container: Container) -> Document:
    """Return the members of a container that tell what keeps its blobs."""
    kept = container.kept
    holds, policy = kept.get("holds") or [], kept.get("policy")
    shown: Document = {"hasImmutabilityPolicy": policy is not None, "hasLegalHold": bool(holds)}
    if holds:
        shown["legalHold"] = {"hasLegalHold": True, "tags": holds}
    if policy is not None:
        properties = _policy_shown(policy)
        shown["immutabilityPolicy"] = {
            "etag": policy["etag"],
            "updateHistory": policy["history"],
            "properties": properties,
        }
    return shown


def _policy_shown(policy: Document) -> Document:
    return {
        "immutabilityPeriodSinceCreationInDays": policy["days"],
        "state": policy["state"],
        "allowProtectedAppendWrites": policy["appends"],
        "allowProtectedAppendWritesAll": policy["appends_all"],
    }


@dataclass(frozen=True, slots=True)
class _Found:
    """The container that a call is about, and what keeps its blobs."""

    containers: Containers
    account: Resource
    container: Container

    @property
    def kept(self) -> Document:
        return self.container.kept

    @property
    def policy(self) -> Document | None:
        policy: Document | None = self.kept.get("policy")
        return policy

    def keep(self, kept: Document) -> _Found:
        """Return the container after what keeps its blobs was set."""
        return replace(self, container=self.containers.keep(self.account, self.container.name, kept))


def _found(call: Call) -> _Found:
    account = call.plane.resources.get(call.address.id.partition("/blobServices/")[0])
    if call.plane.containers is None or account is None or call.address.names[1].lower() != "default":
        raise errors.unknown_path()
    found = call.plane.containers.find(account, call.address.names[2])
    if found is None:
        raise ServiceError(404, "ContainerNotFound", "The specified container does not exist.")
    return _Found(call.plane.containers, account, found)


def _who(call: Call) -> Document:
    return {
        "timestamp": iso_instant(call.now),
        "objectIdentifier": call.caller.object_id,
        "tenantId": call.tenant_id,
    }


def _hold(call: Call) -> Response:
    """Answer Set Legal Hold: tags are added, those that are there stay."""
    found = _found(call)
    body, held = call.body(), list(found.kept.get("holds") or [])
    known = {one["tag"] for one in held}
    held += [{"tag": tag, **_who(call)} for tag in dict.fromkeys(_tags(body)) if tag not in known]
    if len(held) > _MOST_TAGS:
        raise errors.bad_body("a container has at most ten tags of legal holds")
    appends = bool(body.get("allowProtectedAppendWritesAll"))
    return _held(call, found.keep({**found.kept, "holds": held, "holds_appends": appends}))


def _release(call: Call) -> Response:
    """Answer Clear Legal Hold: tags that are not there are none the less gone."""
    found = _found(call)
    gone = set(_tags(call.body()))
    held = [one for one in found.kept.get("holds") or [] if one["tag"] not in gone]
    return _held(call, found.keep({**found.kept, "holds": held}))


def _tags(body: Document) -> list[str]:
    found: Any = body.get("tags")  # Any: JSON
    if not isinstance(found, list) or not found:
        raise errors.bad_body("'tags' is not a list of tags")
    tags = [str(one).lower() for one in found]
    if not all(_TAG.fullmatch(tag) for tag in tags):
        raise errors.bad_body("a tag of a legal hold is 3 to 23 letters and digits")
    return tags


def _held(call: Call, found: _Found) -> Response:
    tags = [one["tag"] for one in found.kept.get("holds") or []]
    shown = {"hasLegalHold": bool(tags), "tags": tags}
    return call.json(200, shown | ({"allowProtectedAppendWritesAll": True} if found.kept.get("holds_appends") else {}))


def _get(call: Call) -> Response:
    found = _found(call)
    return _answer(call, found)


def _put(call: Call) -> Response:
    found = _found(call)
    old = found.policy
    _check_etag(call, old, is_required=False)
    if old is not None and old["state"] == "Locked":
        raise _locked()
    days, asked = _days(call), call.properties()
    names = {"appends": "allowProtectedAppendWrites", "appends_all": "allowProtectedAppendWritesAll"}
    policy = {"days": days, "state": "Unlocked", **{name: bool(asked.get(word)) for name, word in names.items()}}
    if policy["appends"] and policy["appends_all"]:
        raise errors.bad_body("allowProtectedAppendWrites and allowProtectedAppendWritesAll exclude one another")
    return _set(call, found, policy, "put")


def _lock(call: Call) -> Response:
    found = _found(call)
    return _set(call, found, {**_existing(call, found), "state": "Locked"}, "lock")


def _extend(call: Call) -> Response:
    found = _found(call)
    old = _existing(call, found)
    if old["state"] != "Locked" or _days(call) < old["days"]:
        raise ServiceError(
            409, "OperationNotAllowed", "Only a locked immutability policy is extended, and never shortened."
        )
    return _set(call, found, {**old, "days": _days(call)}, "extend")


def _delete(call: Call) -> Response:
    found = _found(call)
    if _existing(call, found)["state"] == "Locked":
        raise _locked()
    left = found.keep({name: value for name, value in found.kept.items() if name != "policy"})
    return _answer(call, left)


def _existing(call: Call, found: _Found) -> Document:
    policy = found.policy
    if policy is None:
        raise ServiceError(404, "ContainerImmutabilityPolicyNotFound", "The container has no immutability policy.")
    _check_etag(call, policy, is_required=True)
    return policy


def _check_etag(call: Call, policy: Document | None, *, is_required: bool) -> None:
    given = (call.request.headers.get("if-match") or "").strip('"')
    if not given and is_required:
        raise errors.bad_body("the header If-Match is required")
    if given and given != "*" and (policy is None or given != policy["etag"].strip('"')):
        raise ServiceError(412, "ConditionNotMet", "The immutability policy has another etag than If-Match names.")


def _days(call: Call) -> int:
    days: Any = call.properties().get("immutabilityPeriodSinceCreationInDays")  # Any: JSON
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= _MOST_DAYS:
        raise errors.bad_body(f"'immutabilityPeriodSinceCreationInDays' is a number from 1 to {_MOST_DAYS}")
    return days


def _locked() -> ServiceError:
    return ServiceError(409, "ContainerImmutabilityPolicyLocked", "A locked immutability policy can only be extended.")


def _set(call: Call, found: _Found, policy: Document, update: str) -> Response:
    history = [*(found.policy or {}).get("history", [])]
    history.append({"update": update, "immutabilityPeriodSinceCreationInDays": policy["days"], **_who(call)})
    etag = f'"{int(call.now.timestamp() * 1_000_000):x}"'
    return _answer(call, found.keep({**found.kept, "policy": {**policy, "etag": etag, "history": history}}))


def _answer(call: Call, found: _Found) -> Response:
    policy = found.policy
    shown = (
        {"immutabilityPeriodSinceCreationInDays": 0, "state": "Deleted"} if policy is None else _policy_shown(policy)
    )
    etag = "" if policy is None else policy["etag"]
    place = f"{found.account.id}/blobServices/default/containers/{found.container.name}/immutabilityPolicies/default"
    document = {"id": place, "name": "default", "type": _POLICIES, "etag": etag, "properties": shown}
    return call.json(200, document, [("ETag", etag)] if etag else None)


CONTAINER_RETENTION = (
    Operation("POST", f"{_CONTAINERS}/setLegalHold", _hold, action=f"{_CONTAINERS}/setLegalHold/action"),
    Operation("POST", f"{_CONTAINERS}/clearLegalHold", _release, action=f"{_CONTAINERS}/clearLegalHold/action"),
    Operation("GET", _POLICIES, _get, action=f"{_POLICIES}/read"),
    Operation("PUT", _POLICIES, _put, action=f"{_POLICIES}/write"),
    Operation("DELETE", _POLICIES, _delete, action=f"{_POLICIES}/delete"),
    Operation("POST", f"{_POLICIES}/lock", _lock, action=f"{_POLICIES}/lock/action"),
    Operation("POST", f"{_POLICIES}/extend", _extend, action=f"{_POLICIES}/extend/action"),
)
