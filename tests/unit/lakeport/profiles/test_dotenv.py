"""Environment files."""

from __future__ import annotations

import pytest

from lakeport.errors import BadFile
from lakeport.profiles import dotenv


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("KEY=value", "value"),
        ("  export KEY = value with spaces   # said", "value with spaces"),
        ("KEY='a # b \\n'", "a # b \\n"),
        ('KEY="a \\"b\\"\\n"', 'a "b"\n'),
        ("KEY=", ""),
        ("KEY=a#b", "a#b"),
        ("KEY=a=b==", "a=b=="),
        ("KEY=Xy8~-_.!$&", "Xy8~-_.!$&"),
    ],
)
def test_a_line_is_read_as_a_shell_user_means_it(line: str, value: str) -> None:
    assert dotenv.parse(line) == {"KEY": value}


def test_comments_and_empty_lines_say_nothing_and_the_last_line_wins() -> None:
    assert dotenv.parse("\ufeff# head\n\nA=1\r\nA=2\n") == {"A": "2"}


def test_a_line_that_is_no_assignment_is_named() -> None:
    with pytest.raises(BadFile, match=r"^source.env:2:1: not an assignment"):
        dotenv.parse("A=1\nnonsense", "source.env")
