"""Page blobs of a flat account: holes read as zeros, ranges tell what was written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobType, SequenceNumberAction

if TYPE_CHECKING:
    Account = Any  # conftest's; test modules do not import one another
    NewAccount = Any

DATA = os.urandom(1024)


def code(error: HttpResponseError) -> str:
    found = getattr(error, "error_code", None)
    return str(getattr(found, "value", found))


def ranges(blob: Any, **options: Any) -> list[tuple[int, int, bool]]:
    return [(one.start, one.end, bool(one.cleared)) for one in blob.list_page_ranges(**options)]


def test_pages_are_written_and_cleared_anywhere_in_a_blob(new_account: NewAccount) -> None:
    container = new_account().container()
    blob = container.get_blob_client("disk")
    blob.create_page_blob(1 << 40)
    assert ranges(blob) == []
    blob.upload_page(DATA, offset=4096, length=1024)
    blob.upload_page(DATA[:512], offset=(1 << 40) - 512, length=512)
    assert ranges(blob) == [(4096, 5119, False), ((1 << 40) - 512, (1 << 40) - 1, False)]
    assert blob.download_blob(offset=4000, length=1200).readall() == bytes(96) + DATA + bytes(80)
    blob.clear_page(offset=4096, length=512)
    assert blob.download_blob(offset=4096, length=1024).readall() == bytes(512) + DATA[512:]
    assert ranges(blob, offset=0, length=8192) == [(4608, 5119, False)]
    properties = blob.get_blob_properties()
    assert properties.blob_type == BlobType.PAGEBLOB
    assert properties.size == 1 << 40
    (listed,) = container.list_blobs()
    assert listed.blob_type == BlobType.PAGEBLOB


def test_ranges_tell_what_changed_since_a_snapshot(new_account: NewAccount) -> None:
    blob = new_account().container().get_blob_client("disk")
    blob.create_page_blob(4096)
    blob.upload_page(DATA, offset=0, length=1024)
    before = blob.create_snapshot()
    blob.upload_page(DATA[:512], offset=2048, length=512)
    blob.clear_page(offset=0, length=512)
    assert ranges(blob, previous_snapshot=before["snapshot"]) == [(0, 511, True), (2048, 2559, False)]
    again = blob.create_snapshot()
    blob.clear_page(offset=3072, length=512)
    assert ranges(blob, previous_snapshot=again["snapshot"]) == [(3072, 3583, True)]
    assert ranges(blob, results_per_page=1) == [(512, 1023, False), (2048, 2559, False)]


def test_a_blob_is_resized_and_its_sequence_number_guards_it(new_account: NewAccount) -> None:
    account = new_account()
    container = account.container()
    blob = container.get_blob_client("disk")
    blob.create_page_blob(2048, sequence_number=3)
    blob.upload_page(DATA, offset=1024, length=1024, if_sequence_number_lte=3)
    with pytest.raises(HttpResponseError) as error:
        blob.upload_page(DATA, offset=0, length=1024, if_sequence_number_lt=3)
    assert code(error.value) == "SequenceNumberConditionNotMet"
    assert blob.set_sequence_number(SequenceNumberAction.INCREMENT)["blob_sequence_number"] == 4
    blob.resize_blob(1536)
    assert blob.download_blob().readall() == bytes(1024) + DATA[:512]
    blob.resize_blob(4096)
    assert blob.download_blob(offset=1536).readall() == bytes(2560)
    source = container.upload_blob("source", DATA)
    blob.upload_pages_from_url(f"{source.url}?{account.signature('box')}", offset=512, length=1024, source_offset=0)
    assert blob.download_blob(offset=512, length=1024).readall() == DATA


def test_what_is_no_page_is_refused(new_account: NewAccount) -> None:
    container = new_account().container()
    blob = container.get_blob_client("disk")
    with pytest.raises(HttpResponseError) as error:
        blob.create_page_blob(513)
    assert code(error.value) == "InvalidHeaderValue"
    blob.create_page_blob(1024)
    with pytest.raises(HttpResponseError) as error:
        blob.upload_page(DATA, offset=512, length=1024)
    assert code(error.value) == "InvalidPageRange"
    with pytest.raises(HttpResponseError) as error:
        blob.stage_block("MQ==", b"1")
    assert code(error.value) == "InvalidBlobType"
    other = container.upload_blob("block", b"1")
    with pytest.raises(HttpResponseError) as error:
        other.upload_page(DATA, offset=0, length=1024)
    assert code(error.value) == "InvalidBlobType"
