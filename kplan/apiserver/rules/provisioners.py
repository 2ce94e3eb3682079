"""Provisioners and their parameters, as StorageClasses and VolumeAttributesClasses have them.

Mirrors: pkg/apis/storage/validation/validation.go (validateProvisioner, validateParameters) (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping

from kplan.apiserver.field import Errors, FieldPath, invalid, required, too_long
from kplan.apiserver.rules.names import byte_length, each_invalid, is_qualified_name

_MAX_PARAMETERS, _MAX_PARAMETERS_SIZE = 512, 256 * 1024


def validate_provisioner(name: str, path: FieldPath) -> Errors:
    """A provisioner: a qualified name, whatever its case."""
    if not name:
        yield required(path)
    else:
        yield from each_invalid(path, name.lower(), is_qualified_name(name.lower()))


def validate_parameters(parameters: Mapping[str, str], path: FieldPath, *, may_be_empty: bool) -> Errors:
    """Parameters: named, at most 512 of them and 256 KiB in all."""
    if len(parameters) > _MAX_PARAMETERS:
        yield too_long(path, "", _MAX_PARAMETERS)
        return
    if "" in parameters:
        yield invalid(path, "", "field can not be empty.")
    if sum(byte_length(k) + byte_length(v) for k, v in parameters.items()) > _MAX_PARAMETERS_SIZE:
        yield too_long(path, "", _MAX_PARAMETERS_SIZE)
    if not may_be_empty and not parameters:
        yield required(path, "must contain at least one key/value pair")
