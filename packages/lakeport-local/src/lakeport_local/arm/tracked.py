"""What every tracked resource has: a region that never changes, and tags.

Source: identity.md 4.5; Azure Resource Manager, "Tags" (at most 50, names up to 512 characters, values up to 256).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakeport_local.arm import errors

if TYPE_CHECKING:
    from lakeport_local.arm.call import Call
    from lakeport_local.state import Resource

REGIONS = {
    "australiaeast": "Australia East",
    "australiasoutheast": "Australia Southeast",
    "brazilsouth": "Brazil South",
    "canadacentral": "Canada Central",
    "canadaeast": "Canada East",
    "centralindia": "Central India",
    "centralus": "Central US",
    "eastasia": "East Asia",
    "eastus": "East US",
    "eastus2": "East US 2",
    "francecentral": "France Central",
    "germanywestcentral": "Germany West Central",
    "italynorth": "Italy North",
    "japaneast": "Japan East",
    "japanwest": "Japan West",
    "koreacentral": "Korea Central",
    "northcentralus": "North Central US",
    "northeurope": "North Europe",
    "norwayeast": "Norway East",
    "polandcentral": "Poland Central",
    "qatarcentral": "Qatar Central",
    "southafricanorth": "South Africa North",
    "southcentralus": "South Central US",
    "southeastasia": "Southeast Asia",
    "southindia": "South India",
    "spaincentral": "Spain Central",
    "swedencentral": "Sweden Central",
    "switzerlandnorth": "Switzerland North",
    "uaenorth": "UAE North",
    "uksouth": "UK South",
    "ukwest": "UK West",
    "westcentralus": "West Central US",
    "westeurope": "West Europe",
    "westindia": "West India",
    "westus": "West US",
    "westus2": "West US 2",
    "westus3": "West US 3",
}
"""Azure's public regions by name, with the display name."""

_MOST_TAGS = 50
_LONGEST_TAG_NAME, _LONGEST_TAG_VALUE = 512, 256


def location(call: Call, body: dict[str, Any], existing: Resource | None) -> str:  # Any: a JSON object
    """Return the region that a PUT asks for, by its name.

    Raises:
        ServiceError: 400 `LocationRequired`, `LocationNotAvailableForResourceType`; 409 `InvalidResourceLocation`.
    """
    wanted = body.get("location")
    if wanted is None and existing is not None and existing.location:
        return existing.location
    if not isinstance(wanted, str) or not wanted.strip():
        raise errors.GatewayError(400, "LocationRequired", "The location property is required for this definition.")
    name = wanted.replace(" ", "").lower()
    if name not in REGIONS:
        raise errors.unknown_location(wanted, call.type_name, REGIONS)
    if existing is not None and existing.location not in (None, name):
        raise errors.conflicting_location(existing, call.address.resource_group, name)
    return name


def tags(body: dict[str, Any]) -> dict[str, str] | None:  # Any: a JSON object
    """Return the tags of a body; None when it has none.

    Raises:
        ServiceError: 400 `InvalidRequestContent`, `InvalidTags`, `TagNameTooLong`, `TagValueTooLong`.
    """
    found = body.get("tags")
    if found is None:
        return None
    if not isinstance(found, dict) or not all(isinstance(value, str | None) for value in found.values()):
        raise errors.bad_body("'tags' is not an object of strings")
    if len(found) > _MOST_TAGS:
        raise errors.GatewayError(
            400, "InvalidTags", f"The number of tags '{len(found)}' exceeds the maximum of '{_MOST_TAGS}'."
        )
    if any(len(name) > _LONGEST_TAG_NAME for name in found):
        raise errors.GatewayError(400, "TagNameTooLong", f"A tag name is longer than {_LONGEST_TAG_NAME} characters.")
    if any(len(value or "") > _LONGEST_TAG_VALUE for value in found.values()):
        raise errors.GatewayError(
            400, "TagValueTooLong", f"A tag value is longer than {_LONGEST_TAG_VALUE} characters."
        )
    return {name: value or "" for name, value in found.items()}
