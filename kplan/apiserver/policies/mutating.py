"""Mutating policies: compiled, and what they make of a request's object.

Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/mutating/{compilation,dispatcher}.go,
         staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/generic/policy_dispatcher.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from kplan.apiserver.admission.contract import AdmissionContext, Attributes
from kplan.apiserver.cel.policies import APPLY_CONFIGURATION, JSON_PATCHES
from kplan.apiserver.conversion import convert
from kplan.apiserver.decoding import decode
from kplan.apiserver.merge.apply.shape import Shape
from kplan.apiserver.outcome import Cause, Status, internal_error
from kplan.apiserver.policies.evaluation import (
    OUT_OF_BUDGET,
    Evaluation,
    Expression,
    Expressions,
    OutOfBudget,
    conditions_match,
)
from kplan.apiserver.policies.hooks import Hook
from kplan.apiserver.policies.matching import MatchError, match
from kplan.apiserver.policies.objects import bindings_of, seen
from kplan.apiserver.policies.params import ParamsError, collect_params, param_kind
from kplan.apiserver.policies.patches import MutationError, apply_configuration, apply_patches
from kplan.apiserver.stages import admission_by
from kplan.apiserver.strategy import Draft
from kplan.catalog.kinds import KindInfo
from kplan.model.objects import Object, name_of
from kplan.model.secrets import values_of, without_values

_RETURNS = {"ApplyConfiguration": ("applyConfiguration", APPLY_CONFIGURATION), "JSONPatch": ("jsonPatch", JSON_PATCHES)}
_PLUGIN = "MutatingAdmissionPolicy"
_Key = tuple[str, str, str]
"""Policy, binding, parameter."""


class MutatingPolicy:
    """A policy, compiled."""

    def __init__(self, policy: Object) -> None:
        self.expressions = Expressions(policy)
        self.mutations: list[tuple[str, Expression]] = []
        for mutation in policy["spec"].get("mutations") or ():
            key, returns = _RETURNS[mutation["patchType"]]
            text = mutation[key]["expression"]
            compiled = self.expressions.compiler.compile(text, returns, params=self.expressions.has_params, patches=True)
            self.mutations.append((mutation["patchType"], Expression(text, compiled)))


@dataclass(slots=True)
class Passes:
    """What a second pass must know of the first."""

    invoked: set[_Key] = field(default_factory=set)
    again: set[_Key] = field(default_factory=set)
    """Invocations that a later change makes go again."""
    output: Draft | None = None

    def object_changed(self) -> None:
        """What was invoked before goes again."""
        self.again |= self.invoked
        self.invoked = set()


@dataclass(slots=True)
class Mutations:
    """The policies at one request."""

    attributes: Attributes
    context: AdmissionContext
    passes: Passes
    errors: list[tuple[bool, str, str]] = field(default_factory=list)
    """Whether it refuses, the text, the reason."""

    def run(self, hooks: Iterator[Hook[MutatingPolicy]]) -> Status | None:
        """Change the object by every policy that matches."""
        attributes, context = self.attributes, self.context
        if context.again and self.passes.output != attributes.object:
            self.passes.object_changed()
        # Which policies match is found out before any of them has changed the object.
        invocations = [i for hook in hooks for i in self._invocations(hook)]
        for hook, binding, matched, params in invocations:
            if error := self._invoke(hook, binding, matched, params):
                return error
        self.passes.output = attributes.object
        refusing = [(text, reason) for refuses, text, reason in self.errors if refuses]
        if not refusing:
            return None
        causes = tuple(Cause("", text, "") for text, _ in refusing)
        text, reason = refusing[0]
        info = attributes.info
        details = {"name": attributes.name, "kind": info.plural, "group": info.group}
        return Status(403, reason or "Forbidden", text, causes, details=details)

    def _invocations(self, hook: Hook[MutatingPolicy]) -> Iterator[tuple[Hook[MutatingPolicy], Object, KindInfo, Object | None]]:
        spec = hook.policy["spec"]
        try:
            matched = match(spec.get("matchConstraints") or {}, self.attributes, self.context)
            if matched is None:
                return
            info = param_kind(hook.policy, self.context)
        except (MatchError, ParamsError) as error:
            self._fail(hook, None, f"failed to configure policy: {error}")
            return
        for binding in hook.bindings:
            resources = binding["spec"].get("matchResources")
            try:
                if resources is not None and match(resources, self.attributes, self.context) is None:
                    continue
                found = collect_params(info, binding["spec"].get("paramRef"), self.attributes.namespace, self.context)
            except (MatchError, ParamsError) as error:
                self._fail(hook, binding, f"failed to configure binding: {error}")
                continue
            for params in found:
                yield hook, binding, matched, params

    def _invoke(self, hook: Hook[MutatingPolicy], binding: Object, matched: KindInfo, params: Object | None) -> Status | None:
        compiled, attributes = hook.compiled, self.attributes
        bindings = bindings_of(attributes, self.context, matched, params)
        matches, error = conditions_match(compiled.expressions, bindings)
        if error:
            self._fail(hook, binding, error, "Invalid")
        if not matches:
            return None
        key = (name_of(hook.policy), name_of(binding), "" if params is None else name_of(params))
        if self.context.again and key not in self.passes.again:
            return None
        before = attributes.object
        for kind, expression in compiled.mutations:
            if attributes.object is None:
                break
            try:
                changed = self._mutated(kind, expression, compiled, matched, params, key[0])
            except MutationError as refused:
                self._fail(hook, binding, str(refused), "Invalid")
                continue
            if isinstance(changed, Status):
                return changed
            attributes.object = changed
        if before != attributes.object:
            self.passes.object_changed()
            self.context.wants_again = True
        if hook.policy["spec"].get("reinvocationPolicy") == "IfNeeded":
            self.passes.invoked.add(key)
        return None

    def _mutated(
        self, kind: str, expression: Expression, compiled: MutatingPolicy, matched: KindInfo, params: Object | None, policy: str
    ) -> Draft | Status:
        attributes, context = self.attributes, self.context
        assert attributes.object is not None
        bindings = bindings_of(attributes, context, matched, params)
        evaluation = Evaluation(bindings, compiled.expressions.compiler)
        try:
            value, error = evaluation.value(expression)
        except OutOfBudget:
            raise MutationError(OUT_OF_BUDGET) from None
        if error:
            raise MutationError(error.removeprefix("compilation error: "))
        current = seen(attributes.object, matched, context) or {}
        changed: Any
        if kind == "ApplyConfiguration":
            changed = apply_configuration(_without_nulls(current), value, _shape(context, matched))
        else:
            changed = apply_patches(current, value)
        if changed is None:
            return attributes.object
        return self._read(changed, matched, policy)

    def _read(self, changed: Draft, matched: KindInfo, policy: str) -> Draft | Status:
        """The changed object as the server reads it, with its defaults."""
        info = self.attributes.info
        if matched.definition:
            decoded, refused, _ = decode(changed, matched, self.context.catalog)
            if refused is not None:
                return internal_error(refused.message.partition(": ")[2] if ": " in refused.message else refused.message)
            changed = decoded
        if changed["apiVersion"] != info.api_version:
            changed = convert(changed, info)
        self.context.trail.note(f"{admission_by(_PLUGIN)} {policy}", changed)
        self.context.default(changed)
        return changed

    def _fail(self, hook: Hook[MutatingPolicy], binding: Object | None, why: str, reason: str = "") -> None:
        policy, why = name_of(hook.policy), without_values(why, values_of(self.attributes.object, self.attributes.old))
        if binding is None:
            text = f'policy "{policy}" denied request: {why}'
        else:
            text = f"policy '{policy}' with binding '{name_of(binding)}' denied request: {why}"
        self.errors.append((hook.policy["spec"].get("failurePolicy") != "Ignore", text, reason))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    return [_without_nulls(v) for v in value] if isinstance(value, list) else value


def _shape(context: AdmissionContext, info: KindInfo) -> Shape:
    assert context.shape is not None
    return context.shape(info)
