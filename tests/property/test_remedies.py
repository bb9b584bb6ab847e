"""Who is not believed is told one change; made, it lets the same request pass."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from azure.storage.blob import generate_account_sas, generate_container_sas
from tests.property.lake import ACCOUNT, AT, FOREIGN_TENANT, KEY, LakeInProcess, object_id

if TYPE_CHECKING:
    from collections.abc import Iterator

END = AT + timedelta(hours=1)


def of_container(**more: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {"permission": "r", "expiry": END, **more}
    return {"sas": generate_container_sas("lake1", asked.pop("container", "data"), asked.pop("key", KEY), **asked)}


def of_account(types: str = "o", **more: Any) -> dict[str, Any]:
    return {"sas": generate_account_sas("lake1", KEY, types, permission="r", expiry=END, **more)}


def refusals(lake: LakeInProcess) -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Yield codes, words of the change, and credentials before and after it."""
    reader, outsider = lake.add_app(1), lake.add_app(2, FOREIGN_TENANT)
    lake.give_role("Storage Blob Data Reader", object_id(1), ACCOUNT)
    past = AT - timedelta(hours=1)
    failed, good = "AuthenticationFailed", of_container()
    yield failed, "se is yet to come", of_container(expiry=past), good
    yield failed, "st is past", of_container(start=END), good
    yield failed, "a key now in force", of_container(key="QUJD"), good
    yield failed, "exactly what is addressed", of_container(container="other"), good
    yield failed, "a stored access policy", of_container(policy_id="none"), good
    yield (
        "AuthorizationSourceIPMismatch",
        "sip covers 127.0.0.1",
        of_container(ip="203.0.113.7"),
        of_container(ip="127.0.0.1"),
    )
    yield (
        "AuthorizationProtocolMismatch",
        "https",
        {**of_container(protocol="https"), "scheme": "http"},
        of_container(protocol="https"),
    )
    yield "AuthorizationResourceTypeMismatch", "srt", of_account("s"), of_account("so")
    yield failed, "a key now in force of lake1", {"key": "QUJD"}, {"key": KEY}
    yield "NoAuthenticationInformation", "a bearer token", {"key": None}, {"token": lake.token(reader)}
    bad_tokens = [
        lake.token(reader, hours=-1),
        lake.token(reader, "https://management.azure.com"),
        lake.token(outsider),
        "x.y.z",
    ]
    for token in bad_tokens:
        yield (
            "InvalidAuthenticationInfo",
            "a token for https://storage.azure.com",
            {"token": token},
            {"token": lake.token(reader)},
        )


def test_the_change_named_lets_the_request_pass(lake: LakeInProcess) -> None:
    lake.ask("PUT", "/data", "resource=filesystem")
    lake.ask("PUT", "/data/f", "resource=file")
    for code, words, before, after in refusals(lake):
        answer = lake.ask("GET", "/data/f", api="blob", **before)
        assert answer.code == code, (words, answer)
        (decision,) = (one for one in lake.log.of(answer.request_id) if not one.allowed)
        assert decision.reasons[0], words
        assert words in decision.smallest_grant
        assert lake.ask("GET", "/data/f", api="blob", **after).status == 200, words
        assert not any(secret in str(decision.as_dict()) for secret in ("sig=", KEY, "QUJD", "eyJ"))


def test_an_account_without_keys_or_behind_a_wall_says_so(lake: LakeInProcess) -> None:
    lake.ask("PUT", "/data", "resource=filesystem")
    lake.ask("PUT", "/data/f", "resource=file")
    for properties, code, words in (
        (
            {"allowSharedKeyAccess": False},
            "KeyBasedAuthenticationNotPermitted",
            "allowSharedKeyAccess of lake1 not false",
        ),
        ({"networkAcls": {"defaultAction": "Deny"}}, "AuthorizationFailure", "an ipRule for 127.0.0.1"),
        ({"publicNetworkAccess": "Disabled"}, "AuthorizationFailure", "publicNetworkAccess of lake1 set to Enabled"),
        ({"publicNetworkAccess": "SecuredByPerimeter"}, "AuthorizationFailure", "publicNetworkAccess of lake1"),
    ):
        account = lake.resources.get(ACCOUNT)
        assert account is not None
        lake.resources.put(replace(account, properties=properties))
        for credential in ({"key": KEY}, of_container(), of_account()):
            answer = lake.ask("GET", "/data/f", api="blob", **credential)
            assert answer.code == code, (words, answer)
            assert words in "".join(one.smallest_grant for one in lake.log.of(answer.request_id))
        lake.resources.put(replace(account, properties={}))
        assert lake.ask("GET", "/data/f").status == 200
