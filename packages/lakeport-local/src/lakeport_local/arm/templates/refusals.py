"""What is wrong with a template, in the service's words.

Source: Azure Resource Manager, "Troubleshoot common Azure deployment errors" and the messages it shows.
"""

from __future__ import annotations

from lakeport_local.arm.errors import GatewayError

_CODE = "InvalidTemplate"


class ExpressionRefused(Exception):
    """An expression has no value; the message is the service's sentence."""


def invalid(why: str) -> GatewayError:
    """400 for a template that does not pass validation."""
    return GatewayError(400, _CODE, f"Deployment template validation failed: '{why}'.")


def language(resource: str, why: str) -> GatewayError:
    """400 for an expression in a resource that has no value."""
    where = (
        "template language expressions" if not resource else f"template language expressions for resource '{resource}'"
    )
    return GatewayError(400, _CODE, f"Unable to process {where}. '{why}'")


def output_refused(name: str, why: str) -> GatewayError:
    """400 for an output that has no value."""
    return GatewayError(
        400,
        "DeploymentOutputEvaluationFailed",
        "Unable to evaluate template outputs: '"
        f"{name}'. Please see error details and deployment operations. Please see https://aka.ms/arm-common-errors for usage details.",
        detail={"details": [{"code": "DeploymentOutputEvaluationFailed", "target": name, "message": why}]},
    )
