"""The error tree."""

from __future__ import annotations

import pickle
import re

import pytest

from lakeport import errors


def tree() -> dict[str, str]:
    """The classes with their parents, as the module draws them."""
    drawing = str(errors.__doc__).partition("\n\n")[2]
    lines = re.findall(r"^([│ ]*[├└]── )?(\w+) *.*$", drawing, re.MULTILINE)
    parents: dict[str, str] = {}
    path: list[str] = []
    for branch, name in lines:
        depth = len(branch) // 4
        path[depth:] = [name]
        parents[name] = path[depth - 1] if depth else "Exception"
    return parents


def test_the_tree_at_the_top_is_the_tree_of_classes() -> None:
    found = {
        name: cls.__bases__[0].__name__
        for name, cls in vars(errors).items()
        if isinstance(cls, type) and issubclass(cls, Exception)
    }
    assert tree() == found


def test_every_known_code_lands_on_a_class_below_the_parent() -> None:
    assert len(errors.CODES) > 120
    assert errors.LakeportError not in errors.CODES.values()


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("AADSTS7000215", 401, errors.WrongSecret),
        ("5006", 403, errors.MissingRole),
        ("7001", 404, errors.NotFound),
        ("AuthorizationFailed", 403, errors.Forbidden),
        ("InvalidAuthenticationTokenTenant", 401, errors.WrongTenant),
        ("NeverHeardOf", 404, errors.NotFound),
        ("NeverHeardOf", 502, errors.Unavailable),
        ("NeverHeardOf", None, errors.LakeportError),
    ],
)
def test_a_code_is_known_by_name_then_by_status(code: str, status: int | None, expected: type) -> None:
    assert errors.class_of(code, status) is expected


def test_an_error_is_one_line_and_survives_pickling() -> None:
    error = errors.Forbidden(
        "no\n right here.",
        code="AuthorizationFailed",
        status=403,
        request_id="r1",
        url="https://u:p@h/x",
        hint="Ask ada",
    )
    assert str(error) == "no right here (AuthorizationFailed, request r1). Ask ada"
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.url, again.status) == (errors.Forbidden, str(error), "https://h/x", 403)


def test_an_address_loses_its_secrets() -> None:
    shown = errors.without_secrets("https://me:pw@a.blob.core.windows.net/c/x?sv=2026&sig=SECRET&comp=list")
    assert shown == "https://a.blob.core.windows.net/c/x?sv=2026&sig=***&comp=list"


def test_what_may_succeed_later_says_so() -> None:
    assert errors.Throttled("x").retryable
    assert not errors.Forbidden("x").retryable
