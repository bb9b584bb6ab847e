"""Every way lakeport can fail, as one tree.

LakeportError
├── Terminal                 trying again changes nothing
│   ├── Misused              the call, the file or the profile is wrong
│   │   ├── BadFile          a file says something it may not say
│   │   ├── BadProfile       a profile cannot be resolved
│   │   ├── WrongIdKind      an id of one kind where another is needed
│   │   ├── Ambiguous        a name that several have
│   │   └── MissingExtra     an optional package is not installed
│   ├── NotSignedIn          no credential, or Entra or a service does not take it
│   │   ├── WrongSecret      the secret, certificate or assertion is wrong or expired
│   │   ├── UnknownApplication   the application is not in this tenant
│   │   └── WrongTenant      the tenant is unknown, or the token is from another one
│   ├── Forbidden            signed in, and not allowed
│   │   ├── MissingRole      a share account's identity lacks its role on a store
│   │   ├── Revoked          the provider took the share back
│   │   └── Unproven         nothing shows that a share comes from the tenant that a rule names
│   ├── NotFound
│   ├── Conflict             it exists, in another form
│   ├── Refused              the service does not accept the request
│   ├── SnapshotFailed       a snapshot ended without success
│   ├── Stale                the newest good snapshot is older than it may be
│   ├── NotRevoked           a revoked share can still be taken
│   ├── NotVerified          what arrived is not what was sent
│   ├── BadData              a table's file is damaged, or its files disagree
│   └── NotConverging        applying again and again does not reach the wished state
└── Transient                the same call may succeed later
    ├── Throttled
    ├── Unavailable          the service answers that it cannot
    ├── Unreachable          nothing answers
    ├── NotYet               a wait ended before the thing happened
    └── Stopped              the caller wanted it to end
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Mapping


class LakeportError(Exception):
    """Anything lakeport reports; its text is one line that names the thing.

    Attributes:
        code: The service's own spelling, such as `AADSTS7000215`; empty when we refuse ourselves.
        status: The HTTP status, or `None`.
        request_id: What the service calls the request, or empty.
        url: The address asked, without secrets, or empty.
        hint: The next move, or empty when there is none that is certain.
        retryable: The same call may succeed later.
    """

    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        status: int | None = None,
        request_id: str = "",
        url: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(one_line(message))
        self.message = one_line(message)
        self.code = code
        self.status = status
        self.request_id = request_id
        self.url = without_secrets(url)
        self.hint = one_line(hint)

    def __str__(self) -> str:
        named = [part for part in (self.code, f"request {self.request_id}" if self.request_id else "") if part]
        text = f"{self.message} ({', '.join(named)})" if named else self.message
        return f"{text}. {self.hint}" if self.hint else text

    def __reduce__(self) -> tuple[object, ...]:
        fields = {name: getattr(self, name) for name in ("code", "status", "request_id", "url", "hint")}
        return _rebuild, (type(self), self.message, fields)


def _rebuild(cls: type[LakeportError], message: str, fields: Mapping[str, object]) -> LakeportError:
    return cls(message, **fields)  # type: ignore[arg-type]


class Terminal(LakeportError):
    """Trying again changes nothing."""


class Transient(LakeportError):
    """The same call may succeed later."""

    retryable = True


class Misused(Terminal):
    """The call, the file or the profile is wrong; nothing was sent."""


class BadFile(Misused):
    """A file says something it may not say; the text begins with `FILE:LINE:COLUMN`."""


class BadProfile(Misused):
    """A profile cannot be resolved."""


class WrongIdKind(Misused):
    """An id of one kind where another is needed; the hint names the right one."""


class Ambiguous(Misused):
    """A name that several have; the hint names them."""


class MissingExtra(Misused):
    """An optional package is not installed; the hint names the extra."""


class NotSignedIn(Terminal):
    """There is no credential, or it is not accepted."""


class WrongSecret(NotSignedIn):
    """The secret, certificate or assertion is wrong or expired."""


class UnknownApplication(NotSignedIn):
    """The application is not in this tenant, or is disabled there."""


class WrongTenant(NotSignedIn):
    """The tenant is unknown, or the token comes from another one."""


class Forbidden(Terminal):
    """Signed in, and not allowed."""


class MissingRole(Forbidden):
    """A share account's identity lacks its role on a storage account."""


class Revoked(Forbidden):
    """The provider took the share back, or it expired."""


class Unproven(Forbidden):
    """Nothing shows that a share comes from the tenant that an accept rule names."""


class NotFound(Terminal):
    """There is no such thing, or the caller may not know of it."""


class Conflict(Terminal):
    """It exists, in another form."""


class Refused(Terminal):
    """The service does not accept the request."""


class SnapshotFailed(Terminal):
    """A snapshot ended without success."""


class Stale(Terminal):
    """The newest good snapshot is older than it may be."""


class NotRevoked(Terminal):
    """A share that was taken back can still be taken."""


class NotVerified(Terminal):
    """What arrived is not what was sent."""


class BadData(Terminal):
    """A table's file is damaged, or its files disagree; the text begins with the file, and the row where one is known."""


class NotConverging(Terminal):
    """Applying again and again does not reach the wished state."""


class Throttled(Transient):
    """The service asks to come back later."""


class Unavailable(Transient):
    """The service answers that it cannot."""


class Unreachable(Transient):
    """Nothing answers at the address."""


class NotYet(Transient):
    """A wait ended before the thing happened."""


class Stopped(Transient):
    """The caller wanted it to end before it had; nothing half-done is seen."""


# Sources: data-share.md 5; identity.md 1.10, 4.4, 4.5 and 5; Blob and Data Lake REST references, "Error codes".
_CODES: dict[type[LakeportError], str] = {
    WrongSecret: """
        7000215 7000222 7000218 700025 700027 700024 50012 700030 50126 50053 50055 50057
    """,
    UnknownApplication: "700016 700011 7000112",
    WrongTenant: "90002 50034 51004 50020 90072 InvalidAuthenticationTokenTenant AKV10032",
    NotSignedIn: """
        500011 50001 70011 1002012 28002 900144 90014 9002313 70003 9001023 16000 50076 50079 53000 53001 53003
        530032 65001 70008 700082 70043 50173 54005 700005 501481 70016 70018 70019 70020 70021 700211 700212
        700213 7002138 700229 InvalidAuthenticationToken ExpiredAuthenticationToken AuthenticationFailed
        InvalidAuthenticationTokenAudience InvalidAuthenticationInfo NoAuthenticationInformation AKV10000
        AKV10022
    """,
    MissingRole: "5006",
    Forbidden: """
        AuthorizationFailed LinkedAuthorizationFailed AuthorizationPermissionMismatch AuthorizationFailure
        Forbidden InsufficientAccountPermissions AccountIsDisabled KeyBasedAuthenticationNotPermitted
        AuthorizationSourceIPMismatch ForbiddenByRbac ForbiddenByPolicy ForbiddenByFirewall AccessDenied
    """,
    NotFound: """
        3000 7001 13002 10002 ResourceNotFound ParentResourceNotFound ResourceGroupNotFound SubscriptionNotFound
        InvalidResourceType RoleDefinitionDoesNotExist PathNotFound BlobNotFound ContainerNotFound
        FilesystemNotFound SourcePathNotFound RenameDestinationParentPathNotFound SecretNotFound
    """,
    Conflict: """
        MissingSubscriptionRegistration RoleAssignmentExists ScopeLocked StorageAccountAlreadyTaken
        VaultAlreadyExists StorageAccountInAnotherResourceGroup PathAlreadyExists BlobAlreadyExists
        ContainerAlreadyExists PathConflict FilesystemAlreadyExists DirectoryNotEmpty InvalidFlushPosition
        LeaseIdMissing ConditionNotMet ContainerBeingDeleted FilesystemBeingDeleted TargetConditionNotMet
        SourceConditionNotMet ResourceTypeMismatch
    """,
    NotYet: "PrincipalNotFound",
    Throttled: "TooManyRequests SubscriptionRequestsThrottled ServerBusy IngressLimitExceeded EgressLimitExceeded",
    Unavailable: "InternalError OperationTimedOut InternalServerError ServiceUnavailable GatewayTimeout",
    Refused: """
        MissingApiVersionParameter InvalidApiVersionParameter NoRegisteredProviderFound InvalidResourceName
        InvalidUri AccountNameInvalid LocationNotAvailableForResourceType InvalidHeaderValue InvalidInput
        InvalidQueryParameterValue Md5Mismatch InvalidMd5 InvalidRange OutOfRangeInput UnsupportedHeader
        MissingRequiredHeader InvalidBlockList
    """,
}
CODES: dict[str, type[LakeportError]] = {code: cls for cls, codes in _CODES.items() for code in codes.split()}
STATUSES: dict[int, type[LakeportError]] = {
    400: Refused,
    401: NotSignedIn,
    403: Forbidden,
    404: NotFound,
    405: Refused,
    408: Unavailable,
    409: Conflict,
    410: NotFound,
    411: Refused,
    412: Conflict,
    413: Refused,
    415: Refused,
    416: Refused,
    429: Throttled,
}


def class_of(code: str, status: int | None) -> type[LakeportError]:
    """Tell which error a service's answer is.

    Args:
        code: The service's code, `AADSTS` prefix or not.
        status: The HTTP status, when there is one.

    Returns:
        The class of a known code; else that of the status; else the parent of all.
    """
    known = CODES.get(code.removeprefix("AADSTS"))
    if known is not None:
        return known
    if status is not None and status >= 500:
        return Unavailable
    return STATUSES.get(status or 0, LakeportError)


_PATHS = frozenset({"BlobNotFound", "PathNotFound", "SourcePathNotFound"})
_STORES = frozenset({"FilesystemNotFound", "ContainerNotFound"})


def absent(code: str, about: str) -> str:
    """Return what is said when a path or file system is not there; empty of any other code.

    Args:
        code: The service's code.
        about: What was asked for, as `FILE_SYSTEM/PATH in ACCOUNT`.

    Example:
        >>> absent("PathNotFound", "raw/a in lake"), absent("ContainerNotFound", "raw/a in lake")
        ('there is no raw/a in lake', 'there is no file system raw in lake')
    """
    if code in _PATHS:
        return f"there is no {about}"
    path, _, account = about.rpartition(" in ")
    return f"there is no file system {path.partition('/')[0]} in {account}" if code in _STORES else ""


SECRET_PARAMETERS = frozenset({"sig", "code", "client_secret", "client_assertion", "password", "token", "access_token"})


def without_secrets(url: str) -> str:
    """Return an address without user information and without the values of secret parameters."""
    if not url:
        return ""
    parts = urlsplit(url)
    query = [(name, "***" if name.lower() in SECRET_PARAMETERS else value) for name, value in parse_qsl(parts.query)]
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=urlencode(query, safe="*/:")))


def one_line(text: str) -> str:
    """Return a text with every run of white space as one space and no full stop at the end."""
    return " ".join(text.split()).rstrip(".")
