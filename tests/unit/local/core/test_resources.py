"""The documents of the control plane."""

from __future__ import annotations

from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest

from lakeport_local.state import Resource, Resources, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP = "/subscriptions/S/resourceGroups/G"


@pytest.fixture
def resources() -> Iterator[Resources]:
    store = Store(None)
    yield Resources(store)
    store.close()


def share(name: str) -> Resource:
    return Resource(
        f"{GROUP}/providers/Microsoft.DataShare/accounts/A/shares/{name}", "Microsoft.DataShare/accounts/shares", name
    )


def test_an_id_is_found_without_case_and_keeps_its_casing(resources: Resources) -> None:
    resources.put(share("Sales"))
    found = resources.get(share("SALES").id.upper())
    assert found is not None
    assert found.name == "Sales"


def test_deleting_takes_what_is_below_and_no_sibling_with_a_longer_name(resources: Resources) -> None:
    for name in ("a", "a-b", "a/dataSets/x"):
        resources.put(share(name))
    removed = [resource.id.rsplit("shares/")[1] for resource in resources.delete(share("A").id)]
    assert removed == ["a/dataSets/x", "a"]
    assert [left.name for left in resources.under(GROUP, "microsoft.datashare/accounts/shares")] == ["a-b"]


def test_a_resource_made_again_has_another_uid(resources: Resources) -> None:
    first = resources.put(share("a"))
    resources.delete(first.id)
    assert resources.put(share("a")).uid != first.uid


def test_a_change_that_is_undone_is_a_change_to_caches() -> None:
    with closing(Store(None)) as store:
        resources = Resources(store)
        with suppress(KeyError), store.transaction():
            resources.put(share("a"))
            inside = resources.generation(share("a").type)
            raise KeyError
        assert resources.get(share("a").id) is None
        assert resources.generation(share("a").type) > inside
