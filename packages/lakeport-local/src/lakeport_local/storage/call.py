"""One request to storage, with everything that its operation needs to answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from lakeport_local.access import Principal, SharedAccess, Target
from lakeport_local.access.acl import SUPERUSER
from lakeport_local.access.grants import Grant
from lakeport_local.core import MemorySink, lazy
from lakeport_local.storage.authentication import tenant_of
from lakeport_local.storage.chunks import ChunkSink
from lakeport_local.storage.conditions import Conditions, conditions_of
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.file_systems import FileSystem
from lakeport_local.storage.kept import moment_of
from lakeport_local.storage.leases import Lease, check_lease, lease_at
from lakeport_local.storage.place import Place
from lakeport_local.storage.settings import is_hierarchical
from lakeport_local.storage.stamps import microseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lakeport_local.access import Access, Action, Caller, Step
    from lakeport_local.core import BodySink, Request, Response
    from lakeport_local.state import Resource
    from lakeport_local.storage.address import Address
    from lakeport_local.storage.kept import Kept, Kind
    from lakeport_local.storage.lake import Lake
    from lakeport_local.storage.paths import Path


class Demand(msgspec.Struct, frozen=True):
    """Something that a request asks for.

    Attributes:
        action: What for.
        steps: What access control lists must grant when no role allows it; None when they cannot.
        place: On which path; None for the one addressed.
        caller: Who asks; None for the sender.
    """

    action: Action
    steps: Callable[[], Iterable[Step]] | None = None
    place: Place | None = None
    caller: Caller | None = None


@dataclass
class Call:
    """One request.

    Attributes:
        lake: The namespace.
        access: Decides.
        request: The request itself.
        address: Where it goes.
        account: The storage account.
        caller: Who sent it.
        version: The service version it speaks.
        authenticate: Tells who sent another request, for the signature in the source of a copy or rename.
        serve: Answers another request, for the parts of a batch.
        upn_of: Gives the UPN of a user of an account's tenant by object id; None for anybody else.
        sink: Where its body is.
    """

    lake: Lake
    access: Access
    request: Request
    address: Address
    account: Resource
    caller: Caller
    version: str
    authenticate: Callable[[Request, Resource, Address], Caller]
    serve: Callable[[Request], Response]
    upn_of: Callable[[Resource, str], str | None]
    sink: BodySink | None = None

    # The request

    @lazy
    def method(self) -> str:
        """The method that counts."""
        override = self.header("x-http-method-override")
        return override.upper() if override and self.request.method == "PUT" else self.request.method

    def header(self, name: str) -> str | None:
        """Return a header's value; an empty one counts as absent."""
        return self.request.headers.get(name) or None

    @lazy
    def query(self) -> dict[str, str]:
        """The query's values by lower-case name."""
        return {name.lower(): value for name, value in reversed(self.request.query)}

    def parameter(self, name: str) -> str | None:
        """Return a query parameter's value; an empty one counts as absent."""
        return self.query.get(name.lower()) or None if self.request.raw_query else None

    def flag(self, name: str) -> bool:
        """Return a query parameter that is `true` or `false`.

        Raises:
            ServiceError: 400 `InvalidQueryParameterValue`.
        """
        text = (self.parameter(name) or "false").lower()
        if text not in {"true", "false"}:
            raise refusal("InvalidQueryParameterValue", QueryParameterName=name, QueryParameterValue=text)
        return text == "true"

    def number(self, name: str) -> int | None:
        """Return a query parameter that is a whole number, or None.

        Raises:
            ServiceError: 400 `InvalidQueryParameterValue`.
        """
        text = self.parameter(name)
        if text is None:
            return None
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
            raise refusal("InvalidQueryParameterValue", QueryParameterName=name, QueryParameterValue=text)
        return int(text)

    def page_size(self, name: str) -> int:
        """Return how many entries a listing may have: 1 to 5000.

        Raises:
            ServiceError: 400 `OutOfRangeQueryParameterValue`.
        """
        asked = self.number(name)
        if asked is not None and asked < 1:
            raise refusal("OutOfRangeQueryParameterValue", QueryParameterName=name, QueryParameterValue=str(asked))
        return min(asked or 5000, 5000)

    @property
    def conditions(self) -> Conditions:
        """The request's conditions."""
        return conditions_of(self.request.headers)

    @property
    def data(self) -> bytes:
        """The body of an operation that reads it into memory."""
        return self.sink.data if isinstance(self.sink, MemorySink) else b""

    @property
    def chunk(self) -> ChunkSink:
        """The body of an operation that stores it."""
        if not isinstance(self.sink, ChunkSink):
            raise TypeError("this operation's body is not stored")
        return self.sink

    # What it is about

    @lazy
    def file_system(self) -> FileSystem:
        """The file system addressed.

        Raises:
            ServiceError: 404 `FilesystemNotFound`.
        """
        return self.lake.file_systems.require(self.account.uid, self.address.file_system)

    @lazy
    def place(self) -> Place:
        """The path addressed, as it was when first asked for."""
        place = self.place_of(self.file_system, self.address.path)
        if self.moment is None:
            return place
        kind, moment = self.moment
        item = place.item
        if kind == "version" and item is not None and item.detail("version") == moment:
            return place
        above = place.trail[: len(place.names)]
        is_whole = self.past is not None and len(above) == len(place.names)
        return msgspec.structs.replace(
            place, trail=[*above, self.past.path] if self.past is not None and is_whole else above
        )

    @lazy
    def moment(self) -> tuple[Kind, int] | None:
        """The snapshot or version addressed; None when it is the blob itself.

        Raises:
            ServiceError: 400 `InvalidQueryParameterValue`.
        """
        if not self.request.raw_query:
            return None
        kinds: tuple[tuple[str, Kind], ...] = (("snapshot", "snapshot"), ("versionid", "version"))
        given = [(name, kind, text) for name, kind in kinds if (text := self.parameter(name))]
        for name, kind, text in given:
            moment = moment_of(text)
            if moment is None or len(given) > 1:
                raise refusal("InvalidQueryParameterValue", QueryParameterName=name, QueryParameterValue=text)
            return kind, moment
        return None

    @lazy
    def past(self) -> Kept | None:
        """The snapshot or earlier version addressed, unless it is deleted or none."""
        if self.moment is None:
            return None
        kept = self.lake.kept.find(self.file_system.id, self.address.path, *self.moment)
        return kept if kept is not None and kept.deleted is None else None

    def place_of(self, file_system: FileSystem, path: str) -> Place:
        """Return another path."""
        return Place(self.lake.paths, file_system, path, self.lake.paths.trail(file_system.root, path))

    @property
    def is_flat(self) -> bool:
        """Whether the account has no directories."""
        return not is_hierarchical(self.account)

    @property
    def owner(self) -> str:
        """Object id of who owns what this request makes."""
        if isinstance(self.caller, Principal):
            return self.caller.object_id
        return (self.caller.owner if isinstance(self.caller, SharedAccess) else "") or SUPERUSER

    def lease_of(self, found: Path | FileSystem | None) -> Lease:
        """Return the lease on a path or file system, as it is now."""
        kept = None if found is None else found.detail("lease")
        changed = 0 if found is None or isinstance(found, FileSystem) else found.modified
        return lease_at(kept, microseconds(self.request.at), changed=changed)

    def check_lease(self, found: Path | None, header: str = "x-ms-lease-id") -> None:
        """Refuse a write that a lease stands in the way of.

        Raises:
            ServiceError: 412.
        """
        given = self.header(header)
        if given is not None or (found is not None and found.detail("lease") is not None):
            check_lease(self.lease_of(found), given)

    # Permission

    def caller_at(self, file_system: str, path: str) -> Caller:
        """Return who the sender is to another path of this account: a signature must hold for that one as well.

        Raises:
            ServiceError: 403: it does not.
        """
        if not isinstance(self.caller, SharedAccess):
            return self.caller
        address = msgspec.structs.replace(self.address, file_system=file_system, path=path)
        return self.authenticate(self.request, self.account, address)

    def scope(self, file_system: str | None = None) -> str:
        """Return the scope of a file system, by default the one addressed; of the account when there is none."""
        name = self.address.file_system if file_system is None else file_system
        return f"{self.account.id}/blobServices/default/containers/{name}" if name else self.account.id

    def demand(
        self,
        action: Action,
        steps: Callable[[], Iterable[Step]] | None = None,
        *,
        place: Place | None = None,
        caller: Caller | None = None,
    ) -> None:
        """Refuse the request unless the caller may.

        Args:
            action: What for.
            steps: What access control lists must grant when no role allows it; None when they cannot.
            place: On which path, by default the one addressed.
            caller: Who, by default the sender.

        Raises:
            ServiceError: 403 `AuthorizationPermissionMismatch`.
        """
        if not self._asks(Demand(action, steps, place, caller)):
            raise refusal("AuthorizationPermissionMismatch")

    def demand_all(self, *demands: Demand) -> None:
        """Refuse the request unless the caller may do all of several things; each is asked, so that each is explained.

        Raises:
            ServiceError: 403 `AuthorizationPermissionMismatch`.
        """
        answers = [self._asks(one) for one in demands]
        if not all(answers):
            raise refusal("AuthorizationPermissionMismatch")

    def _asks(self, one: Demand) -> bool:
        path = self.address.path if one.place is None else one.place.path
        scope = self.scope(None if one.place is None else one.place.file_system.name)
        target = Target(scope, tenant_of(self.account), path, None if self.is_flat else one.steps)
        caller = one.caller or self.caller
        return self.access.decide(caller, one.action, target, request_id=self.request.id).allowed

    def require_reach(self, place: Place, caller: Caller | None = None) -> None:
        """Refuse a signature of one blob what changes everything below a directory of that name.

        [A]: what the service does is not documented; a signature never reaches beyond what it names.

        Raises:
            ServiceError: 403 `AuthorizationPermissionMismatch`.
        """
        who, item = caller or self.caller, place.item
        if not isinstance(who, SharedAccess) or not who.is_of_one_blob or item is None:
            return
        if item.is_directory and self.lake.paths.has_children(item):
            way = Grant("setting", "a signature of the directory (sr=d)", f"/{place.path}")
            reason = f"the signature is of one blob (sr=b), /{place.path} is a directory that holds something"
            self.access.note_refusal(self.request.client, self.account, reason, ((way,),), request_id=self.request.id)
            raise refusal("AuthorizationPermissionMismatch")

    def may_everywhere(self, action: Action) -> bool:
        """Tell whether the caller may do something in every file system of the account."""
        target = Target(self.account.id, tenant_of(self.account))
        return self.access.decide(self.caller, action, target, request_id=self.request.id).allowed

    def may(self, action: Action) -> bool:
        """Tell whether the caller may do something everywhere in the file system addressed, without asking any list.

        Who acts for a subject never may: the subject's lists are always asked.
        """
        if isinstance(self.caller, SharedAccess) and self.caller.subject is not None:
            return False
        return self.access.decide(self.caller, action, Target(self.scope(), tenant_of(self.account))).allowed
