"""The published forms of the service's documents: which members each has, which are explicit nulls, which may be absent.

Source: data-share.md 1.1 (nulls), 1.2 (types), 1.4 to 1.12, 7 (captured examples).
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResponseNotReadError
from azure.core.pipeline.policies import SansIOHTTPPolicy

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineRequest, PipelineResponse

EARLY = ("2018-11-01-preview", "2019-11-01")
NAMESPACE = "Microsoft.DataShare"
_MADE = "createdAt userName provisioningState"


@dataclass(frozen=True)
class Form:
    """The members of a document's `properties`; a `?` marks one that may be absent, a `!` an explicit null.

    Attributes:
        early: The type's name in the early versions.
        members: In words.
        top: Members beside `properties`, `id`, `name` and `type`.
        has_system_data: From 2020-09-01.
    """

    early: str
    members: str
    top: str = ""
    has_system_data: bool = True


_STORE = "subscriptionId resourceGroup storageAccountName"
_SCHEDULE = "recurrenceInterval synchronizationTime"
FORMS = {
    "accounts": Form("accounts", f"{_MADE} userEmail", "identity location tags?"),
    "accounts/shares": Form("shares", f"{_MADE} userEmail description? terms? shareKind"),
    "accounts/shares/synchronizationSettings": Form(
        "SynchronizationSettings", f"{_SCHEDULE} {_MADE}", "kind", has_system_data=False
    ),
    "accounts/shares/invitations": Form(
        "Invitations",
        "sentAt respondedAt? targetActiveDirectoryId? targetObjectId? targetEmail? invitationStatus invitationId expirationDate?"
        " userName userEmail",
    ),
    "accounts/shareSubscriptions": Form(
        "ShareSubscriptions",
        "createdAt invitationId sourceShareLocation expirationDate? provisioningState shareDescription? shareKind shareName"
        " shareSubscriptionStatus shareTerms? providerName providerEmail providerTenantName userName userEmail",
        has_system_data=False,
    ),
    "accounts/shares/providerShareSubscriptions": Form(
        "ShareSubscriptions",
        "shareSubscriptionObjectId consumerName createdAt sharedAt consumerEmail consumerTenantName providerName providerEmail"
        " shareSubscriptionStatus expirationDate?!",
        has_system_data=False,
    ),
    "accounts/shareSubscriptions/consumerSourceDataSets": Form(
        "ConsumerSourceDataSet", "dataSetName dataSetPath dataSetId dataSetLocation! dataSetType"
    ),
    "accounts/shareSubscriptions/triggers": Form(
        "Triggers", f"{_SCHEDULE} {_MADE} triggerStatus synchronizationMode", "kind"
    ),
}
PLACES = {
    "AdlsGen2FileSystem": "fileSystem",
    "AdlsGen2Folder": "fileSystem folderPath",
    "AdlsGen2File": "fileSystem filePath",
    "Container": "containerName",
    "BlobFolder": "containerName prefix",
    "Blob": "containerName filePath",
}
INVITED = (
    "description? dataSetCount invitationId invitationStatus location shareName sentAt respondedAt? expirationDate? termsOfUse?"
    " providerName providerEmail providerTenantName userName! userEmail!"
)
RUN = "status synchronizationId synchronizationMode startTime? endTime? durationMs? message?"
CONSUMER = "consumerName? consumerEmail? consumerTenantName?"
DETAIL = "name dataSetType dataSetId status message startTime? endTime? durationMs? filesRead sizeRead filesWritten sizeWritten vCore"
STATUS = "startTime! endTime! status error!"
REGISTRATION = "activationCode! activationExpirationDate email registrationStatus tenantId"
ERROR = "code message target! details"


def hold(what: str, document: dict[str, Any], members: str) -> None:
    """Hold a document's members to a form.

    Raises:
        AssertionError: A member is missing, unknown, or null where it must not be, or the other way round.
    """
    known = {word.rstrip("?!"): word for word in members.split()}
    required = {name for name, word in known.items() if "?" not in word}
    assert required <= set(document) <= set(known), f"{what}: {sorted(set(document) ^ required)}"
    for name, value in document.items():
        assert value is not None or "!" in known[name], f"{what}: {name} is null"


def hold_resource(document: dict[str, Any], version: str) -> None:
    """Hold one resource to the form of its type in a version."""
    kind = str(document["type"]).removeprefix(f"{NAMESPACE}/")
    if kind in {"consumerInvitations", "locations/consumerInvitations"}:
        hold(kind, document["properties"], INVITED)
        assert (kind == "consumerInvitations") == (version in EARLY)
        return
    last = kind.rpartition("/")[2].lower()
    if last in {"datasets", "datasetmappings"}:
        _hold_data_set(document, version, is_mapping=last == "datasetmappings")
        return
    by_early = {form.early: name for name, form in FORMS.items()}
    if "/shares/" in document["id"] and kind == "ShareSubscriptions":
        by_early["ShareSubscriptions"] = "accounts/shares/providerShareSubscriptions"
    else:
        by_early["ShareSubscriptions"] = "accounts/shareSubscriptions"
    form = FORMS[by_early[kind] if version in EARLY else kind]
    if form.members.endswith("expirationDate?!"):
        assert (document["properties"].get("expirationDate", "") is not None) or version == "2021-08-01"
        assert version != "2021-08-01" or "expirationDate" in document["properties"]
    hold(kind, document["properties"], form.members)
    hold(kind, document, _top(form.top, version, has_system_data=form.has_system_data))


def _hold_data_set(document: dict[str, Any], version: str, *, is_mapping: bool) -> None:
    members = f"{PLACES[document['kind']]} {_STORE} dataSetId"
    if is_mapping:
        members += " dataSetMappingStatus provisioningState" + (" outputType!" if document["kind"] == "Blob" else "")
    hold(document["kind"], document["properties"], members)
    hold(document["kind"], document, _top("kind", version, has_system_data=True))


def _top(more: str, version: str, *, has_system_data: bool) -> str:
    return f"properties id name type {more}" + (" systemData" if has_system_data and version not in EARLY else "")


def hold_answer(path: str, version: str, status: int, body: Any) -> None:  # Any: decoded JSON
    """Hold an answer to the form of what was asked."""
    last = path.rpartition("/")[2].lower()
    if status >= 400:
        if str(body["error"]["code"]).isdigit():
            hold(path, body["error"], ERROR)
        return
    if set(body) <= {"value", "nextLink"}:
        for one in body["value"]:
            _hold_item(last, one, version)
        assert body.get("nextLink", "") is not None
    elif "type" in body and "id" in body:
        hold_resource(body, version)
    elif "registrationStatus" in body:
        hold(path, body, REGISTRATION)
    elif "error" in body:
        hold(path, body, STATUS)
    else:
        hold(path, body, RUN)


def _hold_item(asked: str, one: dict[str, Any], version: str) -> None:
    plain = {
        "listsynchronizations": f"{RUN} {CONSUMER}",
        "listsynchronizationdetails": DETAIL,
        "listsourcesharesynchronizationsettings": "kind properties",
        "operations": "name display origin",
    }
    if asked in plain:
        hold(asked, one, plain[asked])
    else:
        hold_resource(one, version)


class Judge(SansIOHTTPPolicy[Any, Any]):  # Any: azure-core's requests and responses
    """Holds every answer of the service that a client gets to its published form."""

    def __init__(self) -> None:
        self.held = 0

    def on_response(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> None:
        """Look at an answer before the client does; the first ones of long operations are left to it, which reads them as streams."""
        with suppress(ResponseNotReadError):
            got = response.http_response
            self._hold(str(request.http_request.url), got.status_code, got.content)

    def _hold(self, url: str, status: int, content: bytes) -> None:
        path, _, query = url.partition("?")
        if content and NAMESPACE.lower() in path.lower():
            version = dict(pair.split("=") for pair in query.split("&"))["api-version"]
            hold_answer(path, version, status, json.loads(content))
            self.held += 1
