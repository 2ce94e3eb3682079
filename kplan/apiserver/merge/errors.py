"""Why a patch cannot be applied or made, in the words of the API server and kubectl.

Mirrors: staging/src/k8s.io/apimachinery/pkg/util/mergepatch/errors.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.model.gotext import go_text, go_type


class BadPatch(Exception):
    """A patch that makes no sense. ``code`` and ``reason`` are those of the Status the server answers with."""

    def __init__(self, message: str, code: int = 500, reason: str = "") -> None:
        super().__init__(message)
        self.message, self.code, self.reason = message, code, reason


def bad_format(what: str) -> BadPatch:
    """400: a directive whose value has the wrong form (``primitive list``, ``retainKeys``, ``setElementOrder list``)."""
    return BadPatch(f"invalid patch format of {what}", 400, "BadRequest")


def list_of_lists() -> BadPatch:
    """422: a merged list may not hold lists."""
    return BadPatch("lists of lists are not supported", 422, "")


def no_merge_key(element: Mapping[str, Any], key: str) -> BadPatch:
    """An element of a merged list without the key it is merged by."""
    return BadPatch(f"map: {go_text(element)} does not contain declared merge key: {key}")


def bad_type(expected: str, value: Any) -> BadPatch:
    """A value of another type than the schema's."""
    return BadPatch(f"expected a {expected}, but received a {go_type(value)}")


def bad_directive(directive: Any, patch: Mapping[str, Any]) -> BadPatch:
    """``$patch`` with an unknown word."""
    return BadPatch(f"unknown patch type: {go_text(directive)} in map: {go_text(patch)}")


MAP, LIST = "map[string]interface {}", "[]interface {}"
