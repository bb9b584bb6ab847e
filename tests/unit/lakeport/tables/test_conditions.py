"""Conditions: what they let through, and what they refuse."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from lakeport.errors import Misused
from lakeport.tables import conditions

ROWS = pa.table(
    {
        "n": pa.array([1, 2, 3, None]),
        "kind": ["a", "b", "it's", None],
        "price": pa.array([Decimal("1.50"), Decimal("2.00"), None, Decimal("9.99")], pa.decimal128(9, 2)),
        "day": [date(2030, 1, 1), date(2030, 1, 2), date(2031, 1, 1), None],
        "sold_at": pa.array([datetime(2030, 1, 1, 12, tzinfo=UTC)] * 4, pa.timestamp("us", "UTC")),
        "is_new": [True, False, None, True],
        "two words": [1.5, 2.5, 3.5, 4.5],
        "deep": [{"x": 1, "y": {"z": 5}}] * 3 + [None],
        "label": pa.array(["u", "v", "u", "v"]).dictionary_encode(),
    }
)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("n = 1", [0]),
        ("n != 1", [1, 2]),
        ("n <> 1 and n < 3", [1]),
        ("2 <= n", [1, 2]),
        ("n = 1 or n = 3 and kind = 'a'", [0]),
        ("(n = 1 or n = 3) and not kind = 'a'", [2]),
        ("kind = 'it''s'", [2]),
        ("kind in ('a', 'b')", [0, 1]),
        ("kind not in ('a', 'b') and kind is not null", [2]),
        ("kind is null", [3]),
        ("NOT kind IS NULL", [0, 1, 2]),
        ("kind like 'it%'", [2]),
        ("price between 1.5 and 2", [0, 1]),
        ("price > 2", [3]),
        ("day >= '2030-01-02'", [1, 2]),
        ("sold_at < '2030-01-01 12:00:01'", [0, 1, 2, 3]),
        ("sold_at = '2030-01-01T13:00:00+01:00'", [0, 1, 2, 3]),
        ("is_new", [0, 3]),
        ("is_new = false", [1]),
        ('"two words" > 2.5', [2, 3]),
        ("n > 1.5", [1, 2]),
        ("n > -1", [0, 1, 2]),
        ("deep.x = 1", [0, 1, 2]),
        ("deep.y.z > 5", []),
        ("label = 'u'", [0, 2]),
        ("label in ('v')", [1, 3]),
    ],
)
def test_a_condition_lets_its_rows_through(text: str, rows: list[int]) -> None:
    numbered = ROWS.append_column("at", pa.array(range(4)))
    found = conditions.parse(text, numbered.schema)
    assert numbered.filter(found.expression)["at"].to_pylist() == rows


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("m = 1", "there is no column 'm'. Columns: n, kind,"),
        ("n = 'x'", "column 'n' is int64, and 'x' is no such value"),
        ("day = '2030-13-01'", "column 'day' is date32[day], and '2030-13-01'"),
        ("n = ", "has its end where it needs a value"),
        ("= 1", "has '=' where it needs a column"),
        ("n", "needs a comparison of n"),
        ("n = 1 and", "has its end where it needs a column"),
        ("n = 1 n = 2", "where it needs and, or, or its end"),
        ("(n = 1", "where it needs ')'"),
        ("n = null", "is null"),
        ("kind = a", "a text stands in 'single quotes'"),
        ("n not 5", "needs in, between or like"),
        ("n = 1; drop", "cannot be read from '; drop' on"),
        ("deep.q = 1", "column 'deep' has no field 'q'"),
        ("(" * 500 + "n = 1" + ")" * 500, "nested too deeply"),
    ],
)
def test_what_is_no_condition_is_refused_with_the_place(text: str, said: str) -> None:
    with pytest.raises(Misused) as caught:
        conditions.parse(text, ROWS.schema)
    assert said in str(caught.value)


def test_a_condition_names_the_columns_it_looks_at() -> None:
    found = conditions.parse("""n = 1 or "two words" < 2 or deep.x = 4""", ROWS.schema)
    assert found.columns == {"n", "two words", "deep"}
