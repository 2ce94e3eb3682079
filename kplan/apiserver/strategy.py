"""What the API server does for one kind: how it defaults, prepares, checks and warns.

A kind's strategy lives in ``kplan/apiserver/kinds/<kind in lower case>.py`` as a constant ``STRATEGY`` (a tuple
``STRATEGIES`` where one file serves the same kind name of several groups) and is found by that name: adding a kind is
adding a file.

Mirrors: staging/src/k8s.io/apiserver/pkg/registry/rest/{create,update}.go (1.36)
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from kplan.apiserver.field import FieldError
from kplan.model.objects import Object

if TYPE_CHECKING:
    from kplan.apiserver.outcome import Status
    from kplan.catalog.gates import Gates
    from kplan.store.view import View

Draft = dict[str, Any]
"""A private, deep-copied object that defaulting and preparation may fill in; nobody else has seen it."""


@dataclass(slots=True)
class StrategyContext:
    """What a strategy may ask while it works on one request."""

    gates: Gates
    view: View
    now: float = 0.0
    cloud: bool = False
    """Whether a cloud controller is assumed (``--cloud``)."""
    subresource: str = ""
    """"" for the object itself, or ``status``, ``scale`` …"""
    dry_run: bool = False
    """Whether nothing will be stored; the server then allocates addresses and ports less carefully."""
    actor: str = ""
    memo: dict[Any, Any] = field(default_factory=dict)
    """Scratch space that lives as long as the server: facts remembered by the identity of a shared value."""
    requested: str = ""
    """The apiVersion that was asked for; objects are kept in one of their versions only."""
    warnings: list[str] = field(default_factory=list)
    """What is warned of even where the request is then refused; ``Strategy.warnings`` is asked later."""


def _nothing(*_: Any) -> None:
    return None


def _says_nothing(*_: Any) -> str:
    return ""


def _no_errors(*_: Any) -> Iterator[FieldError]:
    return iter(())


def _no_warnings(*_: Any) -> Iterator[str]:
    return iter(())


@dataclass(frozen=True, slots=True)
class Strategy:
    """The behaviour of one kind at the API server's door.

    ``default`` fills in a draft, as the server does when it decodes; it must be idempotent.  ``prepare_for_create`` and
    ``prepare_for_update`` set and drop what is the server's own (status on create; generation is handled by the door
    from ``generation_fields``).  ``validate`` and ``validate_update`` yield field errors in the server's order: the
    order is the order of the message.  They all run after ObjectMeta has been handled by the door, except that
    ``validate`` and ``validate_update`` are also responsible for calling ``rules.metadata`` (the order of its errors
    among the others is the kind's own).
    """

    kind: str
    """Kind with its group, as in :class:`kplan.model.objects.Ref`."""
    default: Callable[[Draft, StrategyContext], None] = _nothing
    begin: Callable[[Draft, Object | None, StrategyContext], Status | None] = _nothing
    """(new, old or None on create): what must be had before ``prepare``, such as addresses; a Status refuses."""
    prepare_for_create: Callable[[Draft, StrategyContext], None] = _nothing
    prepare_for_update: Callable[[Draft, Object, StrategyContext], None] = _nothing
    validate: Callable[[Object, StrategyContext], Iterable[FieldError]] = _no_errors
    validate_update: Callable[[Object, Object, StrategyContext], Iterable[FieldError]] = _no_errors
    """(new, old): all errors of an update, those of ``validate`` included where the server runs it again."""
    prepare_for_status: Callable[[Draft, Object, StrategyContext], None] | None = None
    """``prepare_for_update`` of the ``status`` subresource; None where it is the same."""
    validate_status: Callable[[Object, Object, StrategyContext], Iterable[FieldError]] | None = None
    """``validate_update`` of the ``status`` subresource; None where it is the same."""
    warnings: Callable[[Object, Object | None, StrategyContext], Iterable[str]] = _no_warnings
    """(new, old or None on create): the ``Warning:`` headers the server would send."""
    has_status: bool = False
    """Whether status is a subresource: dropped on create, kept as it was on update of the object itself."""
    prepares_status: bool = False
    """Whether ``prepare_for_create`` says what becomes of the status that is given; else the door drops it."""
    generation_fields: tuple[str, ...] = ("spec",)
    """Top-level fields a change of which raises metadata.generation; () for kinds without a generation."""
    first_generation: int = 1
    """The generation of a new object; 0 where it has none before its first change."""
    empty_counts: bool = False
    """Whether ``[]`` in place of nothing is a change that raises the generation."""
    allow_create_on_update: bool = False
    """Whether a PUT creates what is not there."""
    default_grace_period: Callable[[Object], int | None] = _nothing
    """Seconds of graceful deletion, None for none (pods: terminationGracePeriodSeconds)."""
    status_warnings: bool = False
    """Whether an update of the ``status`` subresource is warned of, too."""
    keeps: Callable[[Object], str] = _says_nothing
    """Why this object may not be deleted by anybody; "" where it may."""
    begin_deletion: Callable[[Object, StrategyContext], Object] | None = None
    """What else the first delete of an object changes in it."""
    as_stored: Callable[[Object], Draft] | None = None
    """Where an object is kept in another version (custom resources): makes what is kept of what was asked for."""
    as_served: Callable[[Object], Draft] | None = None
    """The way back."""


PASS_THROUGH = Strategy(kind="")
"""What is done for a kind nobody has written a strategy for: stored as it is."""


@cache
def strategy_for(kind: str) -> Strategy:
    """The strategy of a kind (``Deployment.apps``), or PASS_THROUGH where there is none."""
    module_name = f"kplan.apiserver.kinds.{kind.partition('.')[0].lower()}"
    if importlib.util.find_spec(module_name) is None:
        return PASS_THROUGH
    module = importlib.import_module(module_name)
    found: tuple[Strategy, ...] = getattr(module, "STRATEGIES", None) or (module.STRATEGY,)
    return next((s for s in found if s.kind == kind), PASS_THROUGH)
