"""The text Go's spew prints of a value, from its JSON and a table of Go struct fields.

The Deployment controller hashes a pod template as ``dump.ForHash`` prints it: every field of the Go structs in their
order, nil ones and type names included.  What a template does not say is therefore part of the text, and a minor that
adds a field changes every hash; the table (``GoTypes``) is one minor's.

>>> Spew({"v1.OS": [GoField("Name", "name", "string"), GoField("Bits", "bits", "*int32")]}).text("v1.OS", {"name": "linux"})
'(v1.OS){Name:(string)linux Bits:(*int32)<nil>}'

A printer is made once for each type.  A struct's printer remembers, for each set of keys it has met, the literal text
between the values that are there, so that 5 000 templates cost their values and not their 300 absent fields.

Mirrors: k8s.io/utils/dump/dump.go, github.com/davecgh/go-spew/spew/format.go (1.36)
Differs: an empty list or map prints as nil, as it comes out of etcd's protobuf; a time prints with the location UTC.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from kplan.model.instants import read_instant


class GoField(NamedTuple):
    """One field of a Go struct: its Go name, its JSON key ("" where it has none) and its Go type."""

    go: str
    json: str
    type: str
    inline: bool = False
    omitempty: bool = True


GoTypes = Mapping[str, Sequence[GoField]]
"""Struct fields in Go's order by type name (``v1.PodSpec``)."""

Print = Callable[[Any, list[str]], None]
"""Appends the text of a JSON value (None: absent) to the parts."""


def read_go_types(table: Mapping[str, Iterable[Mapping[str, Any]]]) -> GoTypes:
    """The table as ``schemas/<minor>/pod-template-go-types.json`` has it."""
    return {
        name: tuple(GoField(f["go"], f["json"], f["type"], f["inline"], f["omitempty"]) for f in fields)
        for name, fields in table.items()
    }


class Spew:
    """Prints values of the types of one table."""

    def __init__(self, types: GoTypes) -> None:
        self._types = types
        self._printers: dict[str, Print] = {}

    def parts(self, type_name: str, value: Any) -> list[str]:
        """The text of a value in pieces; pieces recur from value to value."""
        out = [f"({type_name})"]
        self._printer(type_name)(value, out)
        return out

    def text(self, type_name: str, value: Any) -> str:
        """The text of a value, as spew's ``%#v`` with sorted keys and without methods and addresses."""
        return "".join(self.parts(type_name, value))

    def _printer(self, type_name: str) -> Print:
        found = self._printers.get(type_name)
        if found is None:
            found = self._printers[type_name] = self._make(type_name)
        return found

    def _make(self, t: str) -> Print:
        if t in _SPECIAL:
            return _SPECIAL[t]
        if t.startswith("*"):
            return self._pointer(t[1:])
        if t.startswith("[]"):
            return self._list(t[2:])
        if t == "map[string]string":
            return self._map("string")
        if t == "v1.ResourceList":
            return self._map("resource.Quantity")
        if t in self._types:
            return self._struct(t)
        return _scalar(_ZEROS.get(t, ""))

    def _pointer(self, target: str) -> Print:
        def print_pointer(value: Any, out: list[str]) -> None:
            if value is None:
                out.append("<nil>")
            else:
                self._printer(target)(value, out)

        return print_pointer

    def _list(self, item: str) -> Print:
        def print_list(value: Any, out: list[str]) -> None:
            if not value:
                out.append("<nil>")
                return
            printer = self._printer(item)
            mark = "["
            for v in value:
                out.append(mark)
                printer(v, out)
                mark = " "
            out.append("]")

        return print_list

    def _map(self, item: str) -> Print:
        def print_map(value: Any, out: list[str]) -> None:
            if not value:
                out.append("<nil>")
                return
            printer = self._printer(item)
            mark = "map["
            for k in sorted(value):
                out.append(f"{mark}{k}:")
                printer(value[k], out)
                mark = " "
            out.append("]")

        return print_map

    def _struct(self, name: str) -> Print:
        layouts: dict[tuple[str, ...], list[tuple[str, str, Print]]] = {}

        def print_struct(value: Any, out: list[str]) -> None:
            value = value or {}
            keys = tuple(value)
            layout = layouts.get(keys)
            if layout is None:
                layout = layouts[keys] = self._layout(name, frozenset(keys))
            for literal, key, printer in layout:
                out.append(literal)
                printer(value.get(key) if key else value, out)

        return print_struct

    def _layout(self, name: str, keys: frozenset[str]) -> list[tuple[str, str, Print]]:
        """(literal text, key of the value that follows it, its printer); key "" is the struct's own JSON (inline)."""
        layout: list[tuple[str, str, Print]] = []
        literal = "{"
        for i, f in enumerate(self._types[name]):
            literal += f"{' ' if i else ''}{f.go}:({f.type})"
            inline = f.inline and not f.json
            if inline or f.json in keys:
                layout.append((literal, "" if inline else f.json, self._printer(f.type)))
                literal = ""
            else:
                absent: list[str] = []
                self._printer(f.type)(None, absent)
                literal += "".join(absent)
        layout.append((literal + "}", "", _nothing))
        return layout


def _nothing(value: Any, out: list[str]) -> None:
    del value, out


def _scalar(zero: str) -> Print:
    def print_scalar(value: Any, out: list[str]) -> None:
        if value is None:
            out.append(zero)
        elif isinstance(value, str):
            out.append(value)
        elif isinstance(value, bool):
            out.append("true" if value else "false")
        else:
            out.append(str(int(value)))

    return print_scalar


_ZEROS = {"bool": "false"} | dict.fromkeys(("int", "int32", "int64", "uint8", "uint64"), "0")


# -- types whose JSON is not their Go fields ---------------------------------------------------------------------------


def _print_int_or_string(value: Any, out: list[str]) -> None:
    kind, number, text = (1, 0, value) if isinstance(value, str) else (0, int(value or 0), "")
    out.append(f"{{Type:(intstr.Type){kind} IntVal:(int32){number} StrVal:(string){text}}}")


_YEAR_ONE = 62135596800
_NO_TIME = "{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}"
_UTC = (
    "{name:(string)UTC zone:([]time.zone)<nil> tx:([]time.zoneTrans)<nil> extend:(string) cacheStart:(int64)0 "
    "cacheEnd:(int64)0 cacheZone:(*time.zone)<nil>}"
)


def _print_time(value: Any, out: list[str]) -> None:
    seconds = read_instant(value)
    if seconds is None:
        out.append(_NO_TIME)
    else:
        ext = int(seconds) + _YEAR_ONE
        out.append(f"{{Time:(time.Time){{wall:(uint64)0 ext:(int64){ext} loc:(*time.Location){_UTC}}}}}")


def _print_quantity(value: Any, out: list[str]) -> None:
    out.append(_NO_QUANTITY if value is None else _quantity_text(value if isinstance(value, str) else str(value)))


_SPECIAL: dict[str, Print] = {
    "intstr.IntOrString": _print_int_or_string,
    "v1.Time": _print_time,
    "resource.Quantity": _print_quantity,
}

# -- the insides of a quantity -----------------------------------------------------------------------------------------
# A parsed quantity is a 64-bit number with a decimal scale while its digits fit, an arbitrary decimal otherwise; it keeps
# the text it was parsed from where that is known to be canonical, so "6Mi" and "8Mi" differ in more than their number.

_NO_QUANTITY = (
    "{i:(resource.int64Amount){value:(int64)0 scale:(resource.Scale)0} d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} "
    "s:(string) Format:(resource.Format)}"
)
_QUANTITY = re.compile(r"([+-]?)0*([0-9]*)(?:\.([0-9]*))?([a-zA-Z]*[+-]?[0-9]*)", re.ASCII)
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_DIGITS = 18
"""Most digits whose number is surely an int64."""
_INT64 = 2**63 - 1
_FINEST = -9


class _Parsed(NamedTuple):
    negative: bool
    whole: str
    fraction: str
    exponent: int
    """Of two for BinarySI, of ten otherwise."""
    format: str


def _parse(text: str) -> _Parsed | None:
    match = _QUANTITY.fullmatch(text)
    if match is None:
        return None
    sign, whole, fraction, suffix = match.groups()
    if suffix in _BINARY:
        kind, exponent = "BinarySI", _BINARY[suffix]
    elif suffix in _DECIMAL:
        kind, exponent = "DecimalSI", _DECIMAL[suffix]
    elif suffix[:1] in ("e", "E") and suffix[1:].lstrip("+-").isdigit():
        kind, exponent = "DecimalExponent", int(suffix[1:])
    else:
        return None
    return _Parsed(sign == "-", whole or "0", fraction or "", exponent, kind)


@lru_cache(maxsize=16384)
def _quantity_text(text: str) -> str:
    parsed = _parse(text)
    if text == "0" or parsed is None:
        return _fields(0, 0, "0" if parsed else "", "DecimalSI")
    return _small(text, parsed) or _large(parsed)


def _small(text: str, q: _Parsed) -> str | None:
    digits = q.whole + q.fraction
    if q.format == "BinarySI":
        room = 15 - len(q.whole) - int(q.exponent * 3 / 10) - 1 if not q.fraction else -1
        scale, factor = 0, 2**q.exponent
    else:
        room = _DIGITS - len(digits)
        scale, factor = q.exponent - len(q.fraction), 1
    number = int(digits)
    if room < 0 or scale < _FINEST or number * factor > _INT64:
        return None
    if q.format == "BinarySI":
        canonical = number & 7 != 0
    else:
        canonical = scale % 3 == 0 and not digits.endswith("000") and digits[0] != "0"
    value = -number * factor if q.negative else number * factor
    return _fields(value, scale, text if canonical else "", q.format)


def _large(q: _Parsed) -> str:
    unscaled, scale = int(q.whole + q.fraction), len(q.fraction)
    if q.format == "BinarySI":
        unscaled *= 2**q.exponent
    else:
        scale -= q.exponent
    if unscaled:
        shift = -_FINEST - scale
        unscaled = unscaled * 10**shift if shift >= 0 else -(-unscaled // 10**-shift)
        scale = -_FINEST
    form = q.format
    if form == "BinarySI" and unscaled > _INT64 * 10**scale:
        unscaled, scale = _INT64, 0
    if form == "BinarySI" and 0 < unscaled < 10**scale:
        form = "DecimalSI"
    words = []
    left = unscaled
    while left:
        left, word = divmod(left, 2**64)
        words.append(str(word))
    number = f"{{neg:(bool){'true' if q.negative and unscaled else 'false'} abs:(big.nat){'[' + ' '.join(words) + ']'}}}"
    dec = f"{{unscaled:(big.Int){number} scale:(inf.Scale){scale}}}"
    return _fields(0, 0, "", form, dec)


def _fields(value: int, scale: int, text: str, form: str, dec: str = "<nil>") -> str:
    return (
        f"{{i:(resource.int64Amount){{value:(int64){value} scale:(resource.Scale){scale}}} "
        f"d:(resource.infDecAmount){{Dec:(*inf.Dec){dec}}} s:(string){text} Format:(resource.Format){form}}}"
    )
