"""What operations on storage's data are called by roles and by signatures.

Source: storage.md 4.6 (letters), 5.2 (action names).
"""

from __future__ import annotations

from lakeport_local.access.verdict import Action

_SERVICE = "Microsoft.Storage/storageAccounts/blobServices"
_CONTAINERS = f"{_SERVICE}/containers"
_BLOBS = f"{_CONTAINERS}/blobs"

READ = Action(f"{_BLOBS}/read", is_data=True, letters="r")
LIST = Action(f"{_BLOBS}/read", is_data=True, letters="l")
STATUS = Action(f"{_BLOBS}/read", is_data=True, letters="re")
CREATE = Action(f"{_BLOBS}/write", is_data=True, alternatives=(f"{_BLOBS}/add/action",), letters="cw")
WRITE = Action(f"{_BLOBS}/write", is_data=True, letters="w")
ADD = Action(f"{_BLOBS}/write", is_data=True, alternatives=(f"{_BLOBS}/add/action",), letters="aw")
STAGE = Action(f"{_BLOBS}/write", is_data=True, letters="cw")
BREAK = Action(f"{_BLOBS}/write", is_data=True, letters="dw")
DELETE = Action(f"{_BLOBS}/delete", is_data=True, letters="d")
MOVE = Action(f"{_BLOBS}/move/action", is_data=True, letters="dm")
MOVE_TO = Action(f"{_BLOBS}/write", is_data=True, letters="cwm")
MOVE_OVER = Action(f"{_BLOBS}/write", is_data=True, letters="wm")
SET_PERMISSIONS = Action(f"{_BLOBS}/modifyPermissions/action", is_data=True, letters="p")
SET_OWNER = Action(f"{_BLOBS}/manageOwnership/action", is_data=True, letters="o")
ACT_AS_SUPERUSER = Action(f"{_BLOBS}/runAsSuperUser/action", is_data=True)
READ_CONTAINER = Action(f"{_CONTAINERS}/read", letters="r")
LIST_CONTAINERS = Action(f"{_CONTAINERS}/read", letters="l")
CREATE_CONTAINER = Action(f"{_CONTAINERS}/write", letters="cw")
WRITE_CONTAINER = Action(f"{_CONTAINERS}/write", letters="w")
DELETE_CONTAINER = Action(f"{_CONTAINERS}/delete", letters="d")
READ_POLICIES = Action(f"{_CONTAINERS}/getAcl/action")
SET_POLICIES = Action(f"{_CONTAINERS}/setAcl/action")
READ_ACCOUNT = Action(f"{_SERVICE}/getInfo/action", letters="rwdlacuptfi")
DELEGATE = Action(f"{_SERVICE}/generateUserDelegationKey/action")
READ_SERVICE = Action(f"{_SERVICE}/read", letters="r")
WRITE_SERVICE = Action(f"{_SERVICE}/write", letters="w")
SNAPSHOT = Action(f"{_BLOBS}/write", is_data=True, letters="cw")
UNDELETE = Action(f"{_BLOBS}/write", is_data=True, letters="w")
DELETE_VERSION = Action(
    f"{_BLOBS}/deleteBlobVersion/action", is_data=True, alternatives=(f"{_BLOBS}/delete",), letters="dx"
)
READ_TAGS = Action(f"{_BLOBS}/tags/read", is_data=True, letters="t")
WRITE_TAGS = Action(f"{_BLOBS}/tags/write", is_data=True, letters="t")
FIND_BY_TAGS = Action(f"{_BLOBS}/filter/action", is_data=True, letters="f")
