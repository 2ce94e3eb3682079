"""Semantic versions.

Mirrors: staging/src/k8s.io/apiserver/pkg/cel/library/semverlib.go (1.36), github.com/blang/semver/v4
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from kplan.apiserver.cel.values import EvaluationError, Semver
from kplan.model.integers import parse_int

_PARTS = re.compile(r"([0-9]+)\.([0-9]+)\.([0-9]+)(?:-([0-9A-Za-z.-]*))?(?:\+([0-9A-Za-z.-]*))?", re.ASCII)


def _parse(text: str) -> Semver | str:
    """The version, or what is wrong with the text."""
    if not text:
        return "Version string empty"
    pieces = text.split(".", 2)
    if len(pieces) != 3:
        return "No Major.Minor.Patch elements found"
    match = _PARTS.fullmatch(text)
    if match is None:
        return _complaint(text, pieces)
    for word, number in zip(("Major", "Minor", "Patch"), match.group(1, 2, 3), strict=True):
        if len(number) > 1 and number.startswith("0"):
            return f'{word} number must not contain leading zeroes "{number}"'
        if parse_int(number, 65) is None:
            return f'strconv.ParseUint: parsing "{number}": value out of range'
    pre = tuple(match[4].split(".")) if match[4] is not None else ()
    if any(p == "" for p in pre):
        return "Prerelease is empty"
    for part in pre:
        if part.isdigit() and len(part) > 1 and part.startswith("0"):
            return f'Numeric PreRelease version must not contain leading zeroes "{part}"'
    if match[5] is not None and any(p == "" for p in match[5].split(".")):
        return "Build meta data is empty"
    return Semver((int(match[1]), int(match[2]), int(match[3])), pre, match[5] or "")


def _complaint(text: str, pieces: list[str]) -> str:
    patch = re.split(r"[-+]", pieces[2], maxsplit=1)[0]
    for word, number in zip(("major", "minor", "patch"), (*pieces[:2], patch), strict=True):
        if not (number.isascii() and number.isdigit()):
            return f'Invalid character(s) found in {word} number "{number}"'
    return f"Invalid character(s) found in prerelease {text!r}"


def _normalized(text: str) -> str:
    parts = text.removeprefix("v").split(".", 2)
    for i, part in enumerate(parts):
        if len(part) > 1:
            stripped = part.lstrip("0")
            parts[i] = stripped if stripped and stripped[0].isdigit() else "0" + stripped
    if len(parts) < 3:
        if any(c in parts[-1] for c in "+-"):
            return ""
        parts += ["0"] * (3 - len(parts))
    return ".".join(parts)


def _semver(text: str, normalize: bool = False) -> Semver:
    found = _parse(_normalized(text) if normalize else text)
    if isinstance(found, str):
        raise EvaluationError(found)
    return found


def _is_semver(text: str, normalize: bool = False) -> bool:
    return isinstance(_parse(_normalized(text) if normalize else text), Semver)


def _compare(a: Semver, b: Semver) -> int:
    if a.numbers != b.numbers:
        return 1 if a.numbers > b.numbers else -1
    if not a.pre or not b.pre:
        return bool(b.pre) - bool(a.pre)
    for x, y in zip(a.pre, b.pre, strict=False):
        if x != y:
            return _compare_parts(x, y)
    return (len(a.pre) > len(b.pre)) - (len(a.pre) < len(b.pre))


def _compare_parts(x: str, y: str) -> int:
    if x.isdigit() and y.isdigit():
        return 1 if int(x) > int(y) else -1
    if x.isdigit() != y.isdigit():
        return -1 if x.isdigit() else 1
    return 1 if x > y else -1


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "string_to_semver": _semver,
    "string_bool_to_semver": _semver,
    "is_semver_string": _is_semver,
    "is_semver_string_bool": _is_semver,
    "semver_is_greater_than": lambda a, b: _compare(a, b) > 0,
    "semver_is_less_than": lambda a, b: _compare(a, b) < 0,
    "semver_compare_to": _compare,
    "semver_major": lambda v: v.numbers[0],
    "semver_minor": lambda v: v.numbers[1],
    "semver_patch": lambda v: v.numbers[2],
}
