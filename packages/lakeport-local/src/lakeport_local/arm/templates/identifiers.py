"""Resource ids out of types and names, as the language's functions and the plan make them.

Source: Azure Resource Manager, "Resource functions for ARM templates" (`resourceId` and its kin).
"""

from __future__ import annotations

from lakeport_local.arm.templates.refusals import ExpressionRefused

GROUPS = "microsoft.resources/resourcegroups"
_SUBSCRIPTIONS = "microsoft.resources/subscriptions"


def resource_id(scope: str, resource_type: str, *names: str) -> str:
    """Return the id of a resource.

    Args:
        scope: What it lies in, such as `/subscriptions/S/resourceGroups/G`; empty for the tenant.
        resource_type: Full type.
        names: One name a segment of the type after the namespace.

    Raises:
        ExpressionRefused: The names are not as many as the type's segments.

    Example:
        >>> resource_id("/subscriptions/S", "Microsoft.Storage/storageAccounts/blobServices", "a", "default")
        '/subscriptions/S/providers/Microsoft.Storage/storageAccounts/a/blobServices/default'
        >>> resource_id("/subscriptions/S", "Microsoft.Resources/resourceGroups", "g")
        '/subscriptions/S/resourceGroups/g'
    """
    namespace, *types = resource_type.split("/")
    if not types or len(types) != len(names):
        raise ExpressionRefused(
            f"Unable to evaluate template language function 'resourceId': the type '{resource_type[:256]}' requires "
            f"'{len(types)}' resource name argument(s). Please see https://aka.ms/arm-functions-resource#resourceid for usage details."
        )
    pairs = "/".join(part for pair in zip(types, names, strict=True) for part in pair)
    if resource_type.lower() in {GROUPS, _SUBSCRIPTIONS}:
        return f"{scope}/{pairs}"
    return f"{scope}/providers/{namespace}/{pairs}"


def split_arguments(arguments: list[str]) -> tuple[list[str], str, list[str]]:
    """Return what stands before the type (subscription, group), the type, and the names.

    The type is the first argument with a namespace's dot and a slash.
    """
    at = next((i for i, one in enumerate(arguments) if "/" in one and "." in one.partition("/")[0]), None)
    if at is None or at > 2:
        raise ExpressionRefused(
            "Unable to evaluate template language function 'resourceId': the type is missing. Please see "
            "https://aka.ms/arm-functions-resource#resourceid for usage details."
        )
    return arguments[:at], arguments[at], arguments[at + 1 :]


def type_of(resource_id_: str) -> tuple[str, str]:
    """Return the full type and the whole name that an id spells.

    Example:
        >>> type_of("/subscriptions/S/resourceGroups/G/providers/Microsoft.A/b/x/c/y")
        ('Microsoft.A/b/c', 'x/y')
        >>> type_of("/subscriptions/S/resourceGroups/G")
        ('Microsoft.Resources/resourceGroups', 'G')
    """
    _, word, after = resource_id_.rpartition("/providers/")
    if not word:
        return "Microsoft.Resources/resourceGroups", resource_id_.rsplit("/", 1)[-1]
    namespace, *rest = after.split("/")
    return "/".join((namespace, *rest[::2])), "/".join(rest[1::2])
