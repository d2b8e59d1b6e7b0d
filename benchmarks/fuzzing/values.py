"""Values of every kind that a request may hold where another was meant."""

from __future__ import annotations

import math
import random
from typing import Any

LETTERS = (
    "aZ09 _-.,:;/\\\"'{}[]()<>&%$#@!?=+*~`|^\0\n\r\t\x1b\x7fäß日本🎨\u202e\u200b\ufeff\ud800\udfff"
)
NUMBERS = (
    0,
    1,
    -1,
    2,
    3,
    255,
    2**31,
    -(2**63),
    2**64,
    10**30,
    10**400,
    -(10**400),
    10**5000,
    0.0,
    -0.0,
    0.5,
    1.0,
    1e-9,
    1e9,
    5e-324,
    1.7e308,
    math.nan,
    math.inf,
    -math.inf,
)
TEXTS = (
    "",
    " ",
    "0",
    "1",
    "0.5",
    "1e999",
    "-1",
    "nan",
    "inf",
    "true",
    "false",
    "null",
    "None",
    "{}",
    "[]",
    "0.2, 0.4",
    "0.2;0.4",
    "0,1,2,3",
    "1_0",
    "٣",
    "0x10",
    "edit",
    "both",
    "../../etc/passwd",
)


def words(rng: random.Random) -> str:
    """Text of any characters, lone halves of a pair among them."""
    length = rng.choice([0, 1, 3, 20, 300, 20000])
    return "".join(rng.choices(LETTERS, k=length))


def wild(rng: random.Random, depth: int = 0) -> Any:
    """Any value at all."""
    way = rng.randrange(12 if depth < 4 else 6)
    if way == 0:
        return None
    if way == 1:
        return rng.choice([True, False])
    if way in (2, 3):
        return rng.choice(NUMBERS)
    if way == 4:
        return rng.choice(TEXTS)
    if way == 5:
        return words(rng)
    if way in (6, 7):
        return [wild(rng, depth + 1) for _ in range(rng.choice([0, 1, 2, 5, 40]))]
    if way == 8:
        return {words(rng)[:20]: wild(rng, depth + 1) for _ in range(rng.choice([0, 1, 3]))}
    if way == 9:
        return deep(rng.choice([10, 300, 5000]))
    if way == 10:
        return rng.choice([b"", b"\xff\xfe", (), (1, 2), {1, 2}, frozenset(), object(), complex(1)])
    return rng.choice([rng.random() * 10.0 ** rng.randint(-9, 9), rng.randint(-300, 300)])


def deep(levels: int) -> list:
    """A list in a list in a list."""
    value: list = []
    for _ in range(levels):
        value = [value]
    return value
