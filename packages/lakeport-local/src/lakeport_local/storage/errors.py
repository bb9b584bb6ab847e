"""Storage's refusals: one table of codes, spelled as dfs spells them, and their rendering in both formats.

Source: storage.md 7.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import orjson

from lakeport_local.core import ServiceError

if TYPE_CHECKING:
    from datetime import datetime

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

_TABLE: dict[str, tuple[int, str]] = {
    "AccessTierChangeTimeConditionNotMet": (412, "The condition specified using access tier change time is not met."),
    "AccountRequiresHttps": (400, "The account being accessed does not support http."),
    "AppendPositionConditionNotMet": (412, "The append position condition specified was not met."),
    "AuthenticationFailed": (
        403,
        "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly"
        " including the signature.",
    ),
    "AuthorizationFailure": (403, "This request is not authorized to perform this operation."),
    "AuthorizationPermissionMismatch": (
        403,
        "This request is not authorized to perform this operation using this permission.",
    ),
    "AuthorizationProtocolMismatch": (
        403,
        "This request is not authorized to perform this operation using this protocol.",
    ),
    "AuthorizationResourceTypeMismatch": (
        403,
        "This request is not authorized to perform this operation using this resource type.",
    ),
    "AuthorizationServiceMismatch": (
        403,
        "This request is not authorized to perform this operation using this service.",
    ),
    "AuthorizationSourceIPMismatch": (
        403,
        "This request is not authorized to perform this operation using this source IP.",
    ),
    "BlobArchived": (409, "This operation is not permitted on an archived blob."),
    "BlobBeingRehydrated": (409, "This operation is not permitted because the blob is being rehydrated."),
    "BlobCustomerSpecifiedEncryptionMismatch": (
        409,
        "The given customer specified encryption does not match the encryption used to encrypt the blob.",
    ),
    "BlobDoesNotUseCustomerSpecifiedEncryption": (409, "The blob does not use customer specified encryption."),
    "BlobUsesCustomerSpecifiedEncryption": (
        409,
        "The blob is encrypted with customer specified encryption, but it was not provided in the request.",
    ),
    "BlobImmutableDueToLegalHold": (
        409,
        "This operation is not permitted as the blob is immutable due to one or more legal holds.",
    ),
    "BlobImmutableDueToPolicy": (409, "This operation is not permitted as the blob is immutable due to a policy."),
    "BlobIsSealed": (
        409,
        "The specified blob is sealed and its contents can't be modified unless the blob is re-created.",
    ),
    "BlobOperationNotSupported": (409, "Blob operation is not supported."),
    "BlobTypeNotSupported": (409, "The blob type is not supported for this type of account."),
    "BlockCountExceedsLimit": (409, "The committed block count cannot exceed the maximum limit of 50,000 blocks."),
    "BothCrc64AndMd5HeaderPresent": (
        400,
        "Both x-ms-content-crc64 header and Content-MD5 header are present.",
    ),
    "CannotVerifyCopySource": (404, "The specified resource does not exist."),
    "ConditionNotMet": (412, "The condition specified using HTTP conditional header(s) is not met."),
    "ContentLengthMustBeZero": (400, "The Content-Length request header must be zero."),
    "CorsPreflightFailure": (403, "CORS not enabled or no matching rule found for this request."),
    "Crc64Mismatch": (400, "The CRC64 value specified in the request did not match with the calculated value."),
    "DirectoryNotEmpty": (
        409,
        "The recursive query parameter value must be true to delete a non-empty directory.",
    ),
    "EmptyMetadataKey": (400, "The key for one of the metadata key-value pairs is empty."),
    "FilesystemAlreadyExists": (409, "The specified filesystem already exists."),
    "FilesystemBeingDeleted": (409, "The specified filesystem is being deleted."),
    "FilesystemNotFound": (404, "The specified filesystem does not exist."),
    "HierarchicalNamespaceNotEnabled": (400, "Hierarchical namespace is not enabled for this account."),
    "InsufficientAccountPermissions": (403, "The account being accessed does not have sufficient permissions."),
    "InvalidAppendOperation": (409, "The resource was created or modified by the Blob Service API."),
    "InvalidAuthenticationInfo": (401, "Authentication information is not given in the correct format."),
    "InvalidBlobOrBlock": (400, "The specified blob or block content is invalid."),
    "InvalidBlobType": (409, "The blob type is invalid for this operation."),
    "InvalidBlockId": (400, "The specified block ID is invalid. The block ID must be Base64-encoded."),
    "InvalidBlockList": (400, "The specified block list is invalid."),
    "InvalidFlushOperation": (409, "The resource was created or modified by the Blob Service API."),
    "InvalidFlushPosition": (
        400,
        "The uploaded data is not contiguous or the position query parameter value is not equal to the length of the"
        " file after appending the uploaded data.",
    ),
    "InvalidHeaderValue": (400, "The value for one of the HTTP headers is not in the correct format."),
    "InvalidHttpVerb": (400, "The HTTP verb specified was not recognized by the server."),
    "InvalidInput": (400, "One of the request inputs is not valid."),
    "InvalidMd5": (400, "The MD5 value specified in the request is invalid."),
    "InvalidPropertyName": (400, "A property name is invalid."),
    "InvalidPageRange": (416, "The page range specified is invalid."),
    "InvalidQueryParameterValue": (
        400,
        "Value for one of the query parameters specified in the request URI is invalid.",
    ),
    "InvalidRange": (416, "The range specified is invalid for the current size of the resource."),
    "InvalidRenameSourcePath": (
        409,
        "The source directory cannot be the same as the destination directory, nor can"
        " the destination be a subdirectory of the source directory.",
    ),
    "InvalidResourceName": (400, "The specified resource name contains invalid characters."),
    "InvalidSourceOrDestinationResourceType": (
        409,
        "The source and destination resource type must be identical.",
    ),
    "InvalidSourceUri": (400, "The source URI is invalid."),
    "InvalidTags": (400, "The tags specified are invalid. It contains characters that are not permitted."),
    "InvalidUri": (400, "The request URI is invalid."),
    "InvalidXmlDocument": (400, "XML specified is not syntactically valid."),
    "InvalidXmlNodeValue": (400, "The value for one of the XML nodes is not in the correct format."),
    "KeyBasedAuthenticationNotPermitted": (403, "Key based authentication is not permitted on this storage account."),
    "LeaseIdMissing": (412, "There is currently a lease on the resource and no lease ID was specified in the request."),
    "MaxBlobSizeConditionNotMet": (412, "The max blob size condition specified was not met."),
    "Md5Mismatch": (
        400,
        "The MD5 value specified in the request did not match with the MD5 value calculated by the server.",
    ),
    "MissingContentLengthHeader": (411, "Content-Length HTTP header was not specified."),
    "MissingRequiredHeader": (400, "An HTTP header that's mandatory for this request is not specified."),
    "MissingRequiredQueryParameter": (
        400,
        "A query parameter that's mandatory for this request is not specified.",
    ),
    "NoAuthenticationInformation": (
        401,
        "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
    ),
    "OperationNotSupportedOnDirectory": (409, "This operation is not supported on a directory."),
    "OperationNotAllowedOnRootBlob": (403, "This operation is not permitted on the root blob."),
    "OutOfRangeInput": (400, "One of the request inputs is out of range."),
    "OutOfRangeQueryParameterValue": (
        400,
        "One of the query parameters specified in the request URI is outside the permissible range.",
    ),
    "PathAlreadyExists": (409, "The specified path already exists."),
    "PathConflict": (
        409,
        "The specified path, or an element of the path, exists and its resource type is invalid for this operation.",
    ),
    "PathNotFound": (404, "The specified path does not exist."),
    "PreviousSnapshotNotFound": (409, "The previous snapshot is not found."),
    "PublicAccessNotPermitted": (409, "Public access is not permitted on this storage account."),
    "RenameDestinationParentPathNotFound": (
        404,
        "The parent directory of the destination path does not exist.",
    ),
    "NoPendingCopyOperation": (409, "There is currently no pending copy operation."),
    "RequestForbiddenByContainerEncryptionPolicy": (
        403,
        "Request is forbidden by the container's encryption policy: its default encryption scope cannot be overridden.",
    ),
    "RequestBodyTooLarge": (413, "The request body is too large and exceeds the maximum permissible limit."),
    "ResourceNotFound": (404, "The specified resource does not exist."),
    "SequenceNumberConditionNotMet": (412, "The sequence number condition specified was not met."),
    "SnapshotsPresent": (409, "This operation is not permitted because the blob has snapshots."),
    "SourceConditionNotMet": (
        412,
        "The source condition specified using HTTP conditional header(s) is not met.",
    ),
    "SourcePathNotFound": (404, "The source path for a rename operation does not exist."),
    "UnsatisfiableCondition": (
        400,
        "The request includes an unsatisfiable condition for this operation.",
    ),
    "UnsupportedHeader": (400, "One of the HTTP headers specified in the request is not supported."),
    "UnsupportedHttpVerb": (405, "The resource doesn't support specified Http Verb."),
    "UnsupportedQueryParameter": (
        400,
        "One of the query parameters specified in the request URI is not supported.",
    ),
    "UnsupportedRestVersion": (400, "The specified Rest Version is Unsupported."),
}

_BLOB_WORDS: dict[str, tuple[str, str]] = {
    "DirectoryNotEmpty": ("DirectoryIsNotEmpty", "This operation is not permitted on a non-empty directory."),
    "FilesystemAlreadyExists": ("ContainerAlreadyExists", "The specified container already exists."),
    "FilesystemBeingDeleted": (
        "ContainerBeingDeleted",
        "The specified container is being deleted. Try operation later.",
    ),
    "FilesystemNotFound": ("ContainerNotFound", "The specified container does not exist."),
    "InvalidPropertyName": (
        "InvalidMetadata",
        "The metadata specified is invalid. It has characters that are not permitted.",
    ),
    "PathAlreadyExists": ("BlobAlreadyExists", "The specified blob already exists."),
    "PathNotFound": ("BlobNotFound", "The specified blob does not exist."),
    "UnsupportedRestVersion": ("InvalidHeaderValue", _TABLE["InvalidHeaderValue"][1]),
}


def refusal(
    code: str, *, status: int | None = None, headers: dict[str, str] | None = None, **detail: str
) -> ServiceError:
    """Return the refusal with this code.

    Args:
        code: A code of storage, in dfs's spelling.
        status: Another status than the code's usual one.
        headers: Extra response headers.
        detail: Extra elements of a blob error's XML, such as `HeaderName`.
    """
    usual, message = _TABLE[code]
    return ServiceError(status or usual, code, message, headers=headers, detail=detail)


def in_blob_words(error: ServiceError) -> ServiceError:
    """Return a refusal with the code and message that the blob API uses for it."""
    code, message = _BLOB_WORDS.get(error.code, (error.code, error.message))
    return ServiceError(error.status, code, message, headers=error.headers, detail=error.detail)


def _with_trace(message: str, request_id: str, at: datetime) -> str:
    return f"{message}\nRequestId:{request_id}\nTime:{at:%Y-%m-%dT%H:%M:%S.%f}0Z"


def dfs_body(error: ServiceError, request_id: str, at: datetime) -> bytes:
    """Render a refusal as the dfs API does: JSON."""
    message = _with_trace(error.message, request_id, at)
    return orjson.dumps({"error": {"code": error.code, "message": message}})


def blob_body(error: ServiceError, request_id: str, at: datetime) -> bytes:
    """Render a refusal as the blob API does: XML behind a byte order mark."""

    def text(value: str) -> str:
        return escape(_CONTROL.sub("?", value), {"'": "&apos;"})

    detail = "".join(f"<{name}>{text(str(value))}</{name}>" for name, value in error.detail.items())
    message = text(_with_trace(error.message, request_id, at))
    body = f"<Error><Code>{error.code}</Code><Message>{message}</Message>{detail}</Error>"
    return b"\xef\xbb\xbf" + f'<?xml version="1.0" encoding="utf-8"?>{body}'.encode()
