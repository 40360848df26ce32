"""Random typed expressions, each in our text and in DuckDB's, for the part of the language where both mean the same.

Where they differ by design (docs/semantics.md) the DuckDB text spells out what ours means: division by zero, rounding
of casts, day of week, types of literals.
"""

from __future__ import annotations

import dataclasses
import random

TYPES = ["int", "long", "double", "decimal", "text", "date", "timestamp", "bool"]
OURS = {
    "int": "int32",
    "long": "int64",
    "double": "double",
    "text": "string",
    "date": "date",
    "timestamp": "timestamp",
    "bool": "bool",
}
DUCK = {
    "int": "INTEGER",
    "long": "BIGINT",
    "double": "DOUBLE",
    "text": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "bool": "BOOLEAN",
}
WORDS = [
    "",
    "a",
    "ab",
    "head",
    "race",
    "Head Race",
    "x_y",
    "50%",
    "naïve",
    "zürich",
    " pad ",
    "a-b-c",
    "12",
    "-7",
    "no number",
]


@dataclasses.dataclass(frozen=True)
class Pair:
    """One expression, twice."""

    ours: str
    duck: str


def both(template: str, *args: Pair) -> Pair:
    return Pair(template.format(*[a.ours for a in args]), template.format(*[a.duck for a in args]))


def differ(ours: str, duck: str, *args: Pair) -> Pair:
    return Pair(ours.format(*[a.ours for a in args]), duck.format(*[a.duck for a in args]))


class Generator:
    def __init__(self, seed: int):
        self.random = random.Random(seed)

    def expression(self, kind: str, depth: int) -> Pair:
        if depth == 0 or self.random.random() < 0.1:
            return self.leaf(kind)
        if self.random.random() < 0.2:
            return self.generic(kind, depth - 1)
        return getattr(self, kind)(depth - 1)

    def leaf(self, kind: str) -> Pair:
        if self.random.random() < 0.65:
            name = f"{kind}_{self.random.choice('ab')}"
            return Pair(name, name)
        if kind == "decimal":
            value = f"{self.random.randint(-999, 999) / 100:.2f}"
            return Pair(f"CAST({value} AS decimal(6,2))", f"CAST({value} AS DECIMAL(6,2))")
        if self.random.random() < 0.1:
            return Pair(f"CAST(NULL AS {OURS[kind]})", f"CAST(NULL AS {DUCK[kind]})")
        value = {
            "int": lambda: str(self.random.randint(-20, 20)),
            "long": lambda: str(self.random.choice([0, 1, -1, 7, 3_000_000_000])),
            "double": lambda: self.random.choice(["0e0", "1.5e0", "-2.25e0", "1e10", "1e-3"]),
            "text": lambda: "'" + self.random.choice(WORDS) + "'",
            "date": lambda: (
                f"DATE '{self.random.randint(1900, 2100)}-0{self.random.randint(1, 9)}-{self.random.randint(10, 28)}'"
            ),
            "timestamp": lambda: (
                f"TIMESTAMP '{self.random.randint(1960, 2040)}-03-1{self.random.randint(0, 9)}"
                f" 2{self.random.randint(0, 3)}:59:5{self.random.randint(0, 9)}.25'"
            ),
            "bool": lambda: self.random.choice(["TRUE", "FALSE"]),
        }[kind]()
        return Pair(f"CAST({value} AS {OURS[kind]})", f"CAST({value} AS {DUCK[kind]})")

    def generic(self, kind: str, depth: int) -> Pair:
        make = self.expression
        x, y, c = make(kind, depth), make(kind, depth), make("bool", depth)
        forms = [
            "CASE {2} WHEN TRUE THEN {0} WHEN FALSE THEN {1} END",
            "CASE WHEN {2} THEN {0} ELSE {1} END",
            "CASE WHEN {2} THEN {0} END",
            "coalesce({0}, {1})",
            "nullif({0}, {1})",
        ]
        if kind != "decimal":
            forms += ["greatest({0}, {1})", "least({0}, {1})"]
        return both(self.random.choice(forms), x, y, c)

    def whole(self, kind: str, depth: int) -> Pair:
        x, y = self.expression(kind, depth), self.expression(kind, depth)
        return self.random.choice(
            [
                lambda: both("({0} + {1})", x, y),
                lambda: both("({0} - {1})", x, y),
                lambda: both("({0} * {1})", x, y),
                lambda: both("(- {0})", x),
                lambda: both("abs({0})", x),
                # The remainder of the smallest integer by -1 is 0 here and an overflow there.
                lambda: differ(
                    "CASE WHEN {1} <> 0 THEN {0} % {1} END",
                    "CASE WHEN {1} = -1 AND {0} IS NOT NULL THEN 0 WHEN {1} <> 0 THEN {0} % {1} END",
                    x,
                    y,
                ),
            ]
        )()

    def int(self, depth: int) -> Pair:
        text, day, moment = (self.expression(k, depth) for k in ("text", "date", "timestamp"))
        other = self.expression("text", depth)
        number = self.expression("double", depth)
        return self.random.choice(
            [
                lambda: self.whole("int", depth),
                lambda: self.whole("int", depth),
                lambda: differ("length({0})", "CAST(length({0}) AS INTEGER)", text),
                lambda: differ("octet_length({0})", "CAST(strlen({0}) AS INTEGER)", text),
                lambda: differ("strpos({0}, {1})", "CAST(strpos({0}, {1}) AS INTEGER)", text, other),
                lambda: both(
                    "CAST(" + self.random.choice(["year", "quarter", "month", "day", "week"]) + "({0}) AS int)",
                    self.random.choice([day, moment]),
                ),
                lambda: differ("day_of_week({0})", "CAST(isodow({0}) AS INTEGER)", day),
                lambda: differ("day_of_year({0})", "CAST(dayofyear({0}) AS INTEGER)", day),
                lambda: differ("iso_year({0})", "CAST(isoyear({0}) AS INTEGER)", day),
                lambda: both("CAST(" + self.random.choice(["hour", "minute", "second"]) + "({0}) AS int)", moment),
                lambda: differ(
                    "datediff({0}, {1})", "CAST(({0}) - ({1}) AS INTEGER)", day, self.expression("date", depth)
                ),
                lambda: differ("TRY_CAST({0} AS int)", "TRY_CAST(trunc({0}) AS INTEGER)", number),
            ]
        )()

    def long(self, depth: int) -> Pair:
        x = self.expression("int", depth)
        moment = self.expression("timestamp", depth)
        return self.random.choice(
            [
                lambda: self.whole("long", depth),
                lambda: differ("CAST({0} AS int64)", "CAST({0} AS BIGINT)", x),
                lambda: differ(
                    "CASE WHEN {1} <> 0 THEN {0} div {1} END",
                    "CASE WHEN {1} <> 0 THEN CAST({0} AS BIGINT) // {1} END",
                    x,
                    self.expression("int", depth),
                ),
                lambda: both("epoch_us({0})", moment),
                lambda: differ("epoch({0})", "CAST(floor(epoch_us({0}) / 1e6) AS BIGINT)", moment),
            ]
        )()

    def double(self, depth: int) -> Pair:
        x, y = self.expression("double", depth), self.expression("double", depth)
        n, m = self.expression("int", depth), self.expression("int", depth)
        return self.random.choice(
            [
                lambda: both("({0} + {1})", x, y),
                lambda: both("({0} - {1})", x, y),
                lambda: both("({0} * {1})", x, y),
                lambda: differ("try_divide({0}, {1})", "CASE WHEN {1} <> 0 THEN {0} / {1} END", x, y),
                lambda: differ("try_divide({0}, {1})", "CASE WHEN {1} <> 0 THEN {0} / {1} END", n, m),
                lambda: differ("CASE WHEN {1} <> 0 THEN {0} / {1} END", "CASE WHEN {1} <> 0 THEN {0} / {1} END", n, m),
                lambda: differ("CAST({0} AS double)", "CAST({0} AS DOUBLE)", self.expression("decimal", 0)),
                lambda: both("abs({0})", x),
                lambda: differ("ln({0})", "CASE WHEN {0} > 0 THEN ln({0}) END", x),
                lambda: differ("TRY_CAST({0} AS double)", "TRY_CAST({0} AS DOUBLE)", self.expression("text", 0)),
            ]
        )()

    def decimal(self, depth: int) -> Pair:
        x, y = self.leaf("decimal"), self.leaf("decimal")
        return self.random.choice(
            [
                lambda: both("({0} + {1})", x, y),
                lambda: both("({0} - {1})", x, y),
                lambda: both("({0} * {1})", x, y),
                lambda: both("({0} + 3 - {1})", x, y),
                lambda: both("(- {0})", x),
                lambda: both("abs({0})", x),
                lambda: both("round({0}, " + str(self.random.randint(0, 2)) + ")", x),
                lambda: both("CAST({0} AS decimal(9,1))", x),
                lambda: both("CAST({0} AS decimal(12,4))", x),
            ]
        )()

    def text(self, depth: int) -> Pair:
        x, y = self.expression("text", depth), self.expression("text", depth)
        n = str(self.random.randint(1, 6))
        return self.random.choice(
            [
                lambda: both("({0} || {1})", x, y),
                lambda: both("upper({0})", x),
                lambda: both("lower({0})", x),
                lambda: both("substring({0}, " + n + ", 3)", x),
                lambda: both("left({0}, " + n + ")", x),
                lambda: both("right({0}, " + n + ")", x),
                lambda: both("replace({0}, 'a', {1})", x, y),
                lambda: both("lpad({0}, " + n + ", '*')", x),
                lambda: both("rpad({0}, " + n + ", 'xy')", x),
                lambda: both("repeat({0}, 2)", x),
                lambda: both("split_part({0}, '-', " + n + ")", x),
                lambda: both("concat_ws('/', {0}, {1})", x, y),
                lambda: differ("trim({0})", "trim({0}, ' ')", x),
                lambda: both("trim({0}, 'ab')", x),
                lambda: differ(
                    "regexp_replace({0}, '[aeiou]+', '<$1>')".replace("$1", ""),
                    "regexp_replace({0}, '[aeiou]+', '<>', 'g')",
                    x,
                ),
                lambda: both("regexp_extract({0}, '([a-z])([a-z0-9]*)', 2)", x),
                lambda: differ("CAST({0} AS string)", "CAST({0} AS VARCHAR)", self.expression("int", depth)),
                lambda: differ("CAST({0} AS string)", "CAST({0} AS VARCHAR)", self.leaf("decimal")),
                lambda: differ("CAST({0} AS string)", "CAST({0} AS VARCHAR)", self.leaf("date")),
                lambda: differ("CAST({0} AS string)", "CAST({0} AS VARCHAR)", self.leaf("timestamp")),
                lambda: differ("CAST({0} AS string)", "CAST({0} AS VARCHAR)", self.leaf("double")),
                lambda: differ("format_date({0}, 'yyyy/MM/dd')", "strftime({0}, '%Y/%m/%d')", self.leaf("date")),
            ]
        )()

    def date(self, depth: int) -> Pair:
        x = self.expression("date", depth)
        n = self.random.randint(-40, 40)
        unit = self.random.choice(["year", "quarter", "month", "week", "day"])
        return self.random.choice(
            [
                lambda: both("({0} + " + str(abs(n)) + ")", x),
                lambda: both("({0} - " + str(abs(n)) + ")", x),
                lambda: both("CAST({0} + INTERVAL " + str(abs(n)) + " MONTH AS date)", x),
                lambda: both("CAST({0} - INTERVAL " + str(abs(n)) + " MONTH AS date)", x),
                lambda: differ("add_months({0}, " + str(n) + ")", "CAST({0} + to_months(" + str(n) + ") AS DATE)", x),
                lambda: both("CAST(date_trunc('" + unit + "', {0}) AS date)", x),
                lambda: both("last_day({0})", x),
                lambda: both("CAST({0} AS date)", self.expression("timestamp", depth)),
            ]
        )()

    def timestamp(self, depth: int) -> Pair:
        x = self.expression("timestamp", depth)
        unit = self.random.choice(["year", "month", "week", "day", "hour", "minute", "second"])
        n = self.random.randint(0, 100)
        return self.random.choice(
            [
                lambda: both("date_trunc('" + unit + "', {0})", x),
                lambda: both(
                    "({0} + INTERVAL " + str(n) + " " + self.random.choice(["MONTH", "DAY", "HOUR", "SECOND"]) + ")", x
                ),
                lambda: both("({0} - INTERVAL " + str(n) + " MINUTE)", x),
                lambda: both("CAST({0} AS timestamp)", self.expression("date", depth)),
            ]
        )()

    def bool(self, depth: int) -> Pair:
        kind = self.random.choice(TYPES)
        x, y, z = (self.expression(kind, depth) for _ in range(3))
        p, q = self.expression("bool", depth), self.expression("bool", depth)
        text = self.expression("text", depth)
        pattern = self.random.choice(["a%", "%e", "%a%", "_a%", "%", "", "h__d", "%a_%c", "x\\_y"])
        return self.random.choice(
            [
                lambda: both("({0} " + self.random.choice(["=", "<>", "<", "<=", ">", ">="]) + " {1})", x, y),
                lambda: both("({0} " + self.random.choice(["=", "<>", "<", "<=", ">", ">="]) + " {1})", x, y),
                lambda: both(
                    "({0} " + self.random.choice(["IS DISTINCT FROM", "IS NOT DISTINCT FROM"]) + " {1})", x, y
                ),
                lambda: both("({0} BETWEEN {1} AND {2})", x, y, z),
                lambda: both("({0} IN ({1}, {2}))", x, y, z),
                lambda: both("({0} NOT IN ({1}, NULL))", x, y),
                lambda: both("({0} IS " + self.random.choice(["", "NOT "]) + "NULL)", x),
                lambda: both("({0} AND {1})", p, q),
                lambda: both("({0} OR {1})", p, q),
                lambda: both("(NOT {0})", p),
                lambda: both("({0} IS NOT TRUE)", p),
                lambda: both("({0} LIKE '" + pattern + "')", text),
                lambda: both("({0} ILIKE '" + pattern.upper() + "')", text),
                lambda: both("starts_with({0}, 'a')", text),
                lambda: both("contains({0}, 'ea')", text),
                lambda: both("regexp_matches({0}, '^[a-z]+$')", text),
            ]
        )()
