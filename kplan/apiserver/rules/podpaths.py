"""Paths inside pods: relative, without steps back, not beginning with two dots.

Mirrors: pkg/apis/core/validation/validation.go (validateLocalDescendingPath, ValidateLocalNonReservedPath) (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import Errors, FieldPath, invalid
from kplan.apiserver.rules.volumesources import validate_path_no_backsteps

MODE_SAID = "must be a number between 0 and 0777 (octal), both inclusive"


def validate_local_descending_path(value: str, path: FieldPath) -> Errors:
    """A relative path that does not leave its directory."""
    if value.startswith("/"):
        yield invalid(path, value, "must be a relative path")
    yield from validate_path_no_backsteps(value, path)


def validate_local_non_reserved_path(value: str, path: FieldPath) -> Errors:
    """Such a path that does not begin with two dots, which are the kubelet's own."""
    yield from validate_local_descending_path(value, path)
    if value.startswith("..") and not value.startswith("../"):
        yield invalid(path, value, "must not start with '..'")


def validate_mode(mode: int | None, path: FieldPath) -> Errors:
    """Permission bits of a file."""
    if mode is not None and not 0 <= mode <= 0o777:
        yield invalid(path, mode, MODE_SAID)
