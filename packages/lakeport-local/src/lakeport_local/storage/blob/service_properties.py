"""The blob API's service properties and statistics.

The document is a table: element, member of the kept settings, and its members in turn. An element that a request
leaves out stays as it is.

Source: storage.md 3.1; "Set Blob Service Properties".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias
from xml.sax.saxutils import escape

from lakeport_local.access.acl import SUPERUSER
from lakeport_local.access.storage import READ_SERVICE, WRITE_SERVICE
from lakeport_local.core import Response, http_date
from lakeport_local.storage.answers import in_xml
from lakeport_local.storage.blob.documents import parsed
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.settings import settings_of, with_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

    from lakeport_local.storage.call import Call

Shape: TypeAlias = "Mapping[str, type | Shape]"

_RETENTION: Shape = {"Enabled": bool, "Days": int}
_METRICS: Shape = {"Version": str, "Enabled": bool, "IncludeAPIs": bool, "RetentionPolicy": _RETENTION}
_SHAPE: Shape = {
    "Logging": {"Version": str, "Read": bool, "Write": bool, "Delete": bool, "RetentionPolicy": _RETENTION},
    "HourMetrics": _METRICS,
    "MinuteMetrics": _METRICS,
    "DefaultServiceVersion": str,
    "DeleteRetentionPolicy": {"Enabled": bool, "Days": int, "AllowPermanentDelete": bool},
    "StaticWebsite": {
        "Enabled": bool,
        "IndexDocument": str,
        "DefaultIndexDocumentPath": str,
        "ErrorDocument404Path": str,
    },
}
_RULE = ("AllowedMethods", "AllowedOrigins", "AllowedHeaders", "ExposedHeaders")
_METHODS = {"DELETE", "GET", "HEAD", "MERGE", "POST", "OPTIONS", "PUT", "PATCH"}
_MOST_RULES = 5
_MOST_DAYS = 365
_OFF = {"enabled": False}
_DEFAULTS: dict[str, Any] = {  # Any: a JSON object
    "logging": {"version": "1.0", "read": False, "write": False, "delete": False, "retentionPolicy": _OFF},
    "hourMetrics": {"version": "1.0", "enabled": False, "retentionPolicy": _OFF},
    "minuteMetrics": {"version": "1.0", "enabled": False, "retentionPolicy": _OFF},
    "deleteRetentionPolicy": _OFF,
    "staticWebsite": _OFF,
}


def _member(element: str) -> str:
    return element[0].lower() + element[1:]


def get_service_properties(call: Call) -> Response:
    """Answer Get Blob Service Properties."""
    call.demand(READ_SERVICE)
    kept = _DEFAULTS | settings_of(call.account)
    cors = "".join(_rule_xml(rule) for rule in (kept.get("cors") or {}).get("corsRules") or [])
    parts = [_spelled(name, _SHAPE[name], kept.get(_member(name))) for name in _SHAPE]
    parts.insert(3, f"<Cors>{cors}</Cors>" if cors else "<Cors />")
    return in_xml(f"<StorageServiceProperties>{''.join(parts)}</StorageServiceProperties>")


def _spelled(name: str, shape: type | Shape, value: Any) -> str:  # Any: a part of a JSON object
    if value is None:
        return ""
    if isinstance(shape, type):
        text = str(value).lower() if shape is bool else str(value)
        return f"<{name}>{escape(text)}</{name}>"
    inner = "".join(_spelled(one, shape[one], value.get(_member(one))) for one in shape)
    return f"<{name}>{inner}</{name}>"


def _rule_xml(rule: dict[str, Any]) -> str:  # Any: a JSON object
    lists = "".join(f"<{name}>{escape(','.join(rule.get(_member(name)) or []))}</{name}>" for name in _RULE)
    return f"<CorsRule>{lists}<MaxAgeInSeconds>{rule.get('maxAgeInSeconds', 0)}</MaxAgeInSeconds></CorsRule>"


def set_service_properties(call: Call) -> Response:
    """Answer Set Blob Service Properties."""
    call.demand(WRITE_SERVICE)
    changed: dict[str, Any] = {}  # Any: a JSON object
    for child in parsed(call.data, "StorageServiceProperties"):
        if child.tag == "Cors":
            changed["cors"] = {"corsRules": [_rule_of(one) for one in child]}
        elif child.tag in _SHAPE:
            changed[_member(child.tag)] = _value_of(child, _SHAPE[child.tag])
        else:
            raise refusal("InvalidXmlDocument")
    if len(changed.get("cors", {}).get("corsRules", ())) > _MOST_RULES:
        raise refusal("InvalidXmlDocument")
    call.lake.resources.put(with_settings(call.account, changed))
    for name, is_needed in (
        ("$logs", "logging" in changed),
        ("$web", changed.get("staticWebsite", {}).get("enabled")),
    ):
        if is_needed:
            call.lake.ensure_file_system(call.account, name, owner=SUPERUSER)
    return Response(202)


def _value_of(element: Element, shape: type | Shape) -> Any:  # Any: a part of a JSON object
    text = (element.text or "").strip()
    if shape is str:
        return text
    if shape is bool:
        if text.lower() not in {"true", "false"}:
            raise refusal("InvalidXmlNodeValue", XmlNodeName=element.tag, XmlNodeValue=text)
        return text.lower() == "true"
    if shape is int:
        return _days(element.tag, text)
    members = shape if not isinstance(shape, type) else {}
    if any(child.tag not in members for child in element):
        raise refusal("InvalidXmlDocument")
    found = {_member(child.tag): _value_of(child, members[child.tag]) for child in element}
    return _checked(element.tag, found)


def _days(tag: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= _MOST_DAYS):
        raise refusal("InvalidXmlNodeValue", XmlNodeName=tag, XmlNodeValue=text)
    return int(text)


def _checked(tag: str, found: dict[str, Any]) -> dict[str, Any]:  # Any: a JSON object
    """Require what a part that is switched on needs, and drop what one that is off cannot have."""
    is_on = found.get("enabled")
    if tag in {"DeleteRetentionPolicy", "RetentionPolicy"}:
        if is_on is None or (is_on and "days" not in found):
            raise refusal("InvalidXmlDocument")
        return found if is_on else {name: value for name, value in found.items() if name != "days"}
    if tag == "StaticWebsite" and not is_on:
        return {"enabled": False}
    if tag in {"HourMetrics", "MinuteMetrics"} and (is_on is None or (is_on and "includeAPIs" not in found)):
        raise refusal("InvalidXmlDocument")
    return found


def _rule_of(element: Element) -> dict[str, Any]:  # Any: a JSON object
    texts = {child.tag: (child.text or "").strip() for child in element}
    age = texts.pop("MaxAgeInSeconds", "0")
    is_known = element.tag == "CorsRule" and set(texts) <= set(_RULE) and age.isascii() and age.isdigit()
    rule = {_member(name): [one.strip() for one in texts.get(name, "").split(",") if one.strip()] for name in _RULE}
    if not is_known or not rule["allowedOrigins"] or not rule["allowedMethods"]:
        raise refusal("InvalidXmlDocument")
    if not {method.upper() for method in rule["allowedMethods"]} <= _METHODS:
        raise refusal("InvalidXmlNodeValue", XmlNodeName="AllowedMethods", XmlNodeValue=texts["AllowedMethods"])
    return rule | {"maxAgeInSeconds": int(age[:9])}


def service_statistics(call: Call) -> Response:
    """Answer Get Blob Service Stats: only the secondary endpoint knows how far it has come."""
    call.demand(READ_SERVICE)
    if not call.address.is_secondary:
        raise refusal("InvalidQueryParameterValue", QueryParameterName="comp", QueryParameterValue="stats")
    synced_at = http_date(call.request.at)
    replication = f"<Status>live</Status><LastSyncTime>{synced_at}</LastSyncTime>"
    return in_xml(f"<StorageServiceStats><GeoReplication>{replication}</GeoReplication></StorageServiceStats>")
