"""Resource quantities: ``100m``, ``1.5Gi``, ``12e6``.

A quantity is an exact decimal number with a preferred way of writing it.  The API server keeps at most nine decimals
(rounding away from zero) and writes every quantity in one canonical form.

>>> str(Quantity.parse("0.5"))
'500m'
>>> str(Quantity.parse("1024Mi"))
'1Gi'
>>> Quantity.parse("1500m").value()
2

Mirrors: staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go, suffix.go (1.36)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

NANO = 10**9

_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_DECIMAL_BY_EXPONENT = {v: k for k, v in _DECIMAL.items()}
_PATTERN = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[+-]?[0-9]*)", re.ASCII)
_EXPONENT = re.compile(r"[eE]([+-]?[0-9]+)", re.ASCII)

BINARY_SI, DECIMAL_SI, DECIMAL_EXPONENT = "BinarySI", "DecimalSI", "DecimalExponent"

MALFORMED = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)
BAD_SUFFIX = "unable to parse quantity's suffix"

_MAX_NANO = (2**63 - 1) * NANO
_MAX_TEXT = 1024
_MAX_EXPONENT = 100_000


class QuantityError(ValueError):
    """A text that is no quantity; its message is the API server's."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact amount in billionths (``nano``, an int) and the family of suffixes it is written with."""

    nano: int
    format: str = DECIMAL_SI
    written: str = ""
    """The text it was read from, where the API server keeps that: ``+5``, ``01`` and ``1.500`` stay as they are."""

    @staticmethod
    def parse(text: str | int | float) -> Quantity:
        """The quantity a JSON value says.

        Raises: QuantityError where the text is no quantity.
        """
        return _parse(str(text)) if not isinstance(text, str) else _parse(text)

    def value(self) -> int:
        """The amount in whole units, rounded up (away from zero), as Go's ``Value()``: 64 bits that wrap around."""
        return _wrap(_round_away(self.nano, NANO))

    def milli_value(self) -> int:
        """The amount in thousandths, rounded up (away from zero), as Go's ``MilliValue()``."""
        return _round_away(self.nano, 10**6)

    def has_part_of_one(self) -> bool:
        """Whether Go takes it for a fraction: thousandths that overflow 64 bits are judged by what is left of them."""
        milli = self.milli_value()
        return ((milli + 2**63) % 2**64 - 2**63) % 1000 != 0

    def is_zero(self) -> bool:
        """Whether the amount is zero."""
        return self.nano == 0

    def __add__(self, other: Quantity) -> Quantity:
        if self.nano == 0:
            return Quantity(other.nano, other.format)
        return Quantity(self.nano + other.nano, self.format)

    def __sub__(self, other: Quantity) -> Quantity:
        if self.nano == 0:
            return Quantity(-other.nano, other.format)
        return Quantity(self.nano - other.nano, self.format)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and self.nano == other.nano

    def __hash__(self) -> int:
        return hash(self.nano)

    def __lt__(self, other: Quantity) -> bool:
        return self.nano < other.nano

    def __le__(self, other: Quantity) -> bool:
        return self.nano <= other.nano

    def __gt__(self, other: Quantity) -> bool:
        return self.nano > other.nano

    def __ge__(self, other: Quantity) -> bool:
        return self.nano >= other.nano

    def __str__(self) -> str:
        """The form the API server writes: the canonical one, or the text it came from."""
        if self.written:
            return self.written
        if self.nano == 0:
            return "0"
        if self.format == BINARY_SI and abs(self.nano) >= 1024 * NANO and self.nano % NANO == 0:
            return _write_binary(self.nano // NANO)
        return _write_decimal(self.nano, self.format)


def _round_away(amount: int, unit: int) -> int:
    whole, rest = divmod(abs(amount), unit)
    whole += rest > 0
    return whole if amount >= 0 else -whole


def _wrap(amount: int) -> int:
    return amount if -(2**63) <= amount < 2**63 else (amount + 2**63) % 2**64 - 2**63


@lru_cache(maxsize=65536)
def _parse(text: str) -> Quantity:
    match = _PATTERN.fullmatch(text) if 0 < len(text) <= _MAX_TEXT else None
    if match is None:
        raise QuantityError(MALFORMED)
    sign, whole, fraction, suffix = match.groups()
    fraction = fraction or ""
    if suffix in _BINARY:
        kind, factor_two, exponent = BINARY_SI, _BINARY[suffix], 0
    elif suffix in _DECIMAL:
        kind, factor_two, exponent = DECIMAL_SI, 1, _DECIMAL[suffix]
    elif suffix and (power := _EXPONENT.fullmatch(suffix)):
        kind, factor_two, exponent = DECIMAL_EXPONENT, 1, int(power.group(1))
        if not -(2**63) <= exponent < 2**63:
            raise QuantityError(BAD_SUFFIX)
        # The API server keeps 32 bits of it.  (With some billions of digits it does not answer any more.)
        exponent = max(-_MAX_EXPONENT, min(_MAX_EXPONENT, (exponent + 2**31) % 2**32 - 2**31))
    else:
        raise QuantityError(BAD_SUFFIX)
    # Without a digit it is zero: so the API server reads "Mi" and ".".
    numerator = int((whole or "0") + fraction) * factor_two
    shift = 9 + exponent - len(fraction)
    if shift >= 0:
        nano = numerator * 10**shift
    else:
        nano = _round_away(numerator, 10**-shift)
    if kind == BINARY_SI:
        nano = min(nano, _MAX_NANO)
        if 0 < nano < NANO:
            kind = DECIMAL_SI
    kept = text if _is_kept(whole.lstrip("0") or "0", fraction, exponent, factor_two) else ""
    return Quantity(-nano if sign == "-" else nano, kind, kept)


def _is_kept(whole: str, fraction: str, exponent: int, factor_two: int) -> bool:
    """Whether the API server takes a text for canonical already: a fast path that is not quite right, and so kept."""
    if factor_two > 1:
        power = factor_two.bit_length() - 1
        fits = not fraction and 15 - len(whole) - power * 3 // 10 - 1 >= 0
        return fits and int(whole) & 7 != 0 and int(whole) * factor_two < 2**63
    digits, scale = whole + fraction, exponent - len(fraction)
    return len(digits) <= 18 and scale >= -9 and scale % 3 == 0 and not digits.endswith("000") and digits[0] != "0"


def _write_binary(value: int) -> str:
    sign, value = ("-", -value) if value < 0 else ("", value)
    best = ""
    for suffix, factor in _BINARY.items():
        if value % factor:
            break
        best, scaled = suffix, value // factor
    return f"{sign}{scaled}{best}" if best else f"{sign}{value}"


def _write_decimal(nano: int, kind: str) -> str:
    sign, nano = ("-", -nano) if nano < 0 else ("", nano)
    thousands = _thousands(nano)
    nano //= 1000**thousands
    exponent = 3 * thousands - 9
    if kind == DECIMAL_EXPONENT:
        return f"{sign}{nano}e{exponent}" if exponent else f"{sign}{nano}"
    # Beyond E there is no suffix, and the API server writes none: 1000E becomes 1.
    return f"{sign}{nano}{_DECIMAL_BY_EXPONENT.get(exponent, '')}"


def _thousands(amount: int) -> int:
    """How often an amount can be divided by a thousand; in big steps, as it may have many digits."""
    count, step = 0, 1
    while amount % 1000**step == 0:
        amount //= 1000**step
        count, step = count + step, step * 2
    while step := step // 2:
        if amount % 1000**step == 0:
            amount //= 1000**step
            count += step
    return count


def canonical(value: Any) -> Any:
    """The canonical text of a quantity written in JSON; the value itself where it is no quantity."""
    try:
        return str(Quantity.parse(value))
    except QuantityError:
        return value


def parse_or_zero(value: Any) -> Quantity:
    """The quantity a validated object holds; zero where it is absent."""
    return Quantity(0) if value is None else Quantity.parse(value)
