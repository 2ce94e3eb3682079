"""HorizontalPodAutoscalers: bounds first, then the metrics.

Every 15 s an autoscaler looks at its target.  Outside its bounds it needs no metrics to act; without a ``--metrics`` file
there are none inside them either, and it says so.

Mirrors: pkg/controller/podautoscaler/horizontal.go (1.36)
Differs: after an event it looks once, 15 s later, and again until nothing changes; the looks after that are background
         timers.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kplan.apiserver.outcome import Outcome
from kplan.controllers.podautoscaler.calculator import Calculator, Tolerance
from kplan.controllers.podautoscaler.metrics import Metrics
from kplan.controllers.podautoscaler.normalize import (
    Past,
    limited_by_behavior,
    limited_by_rules,
    stabilized,
    stabilized_with_behavior,
)
from kplan.controllers.podautoscaler.specs import Failed, propose
from kplan.controllers.scale import NoScale, Scale, scale_of, target_ref
from kplan.engine.contract import Action, Context, Emit, Key, Noop, Requeue, Steps, Update, Watch
from kplan.model.instants import write_instant
from kplan.model.objects import EMPTY, Object, Ref, labels_of, name_of, namespace_of, ref_of
from kplan.model.quantity import parse_or_zero
from kplan.model.selectors import Selector, parse_selector
from kplan.store.journal import Write
from kplan.store.view import View, select

KIND = "HorizontalPodAutoscaler.autoscaling"
PERIOD = 15.0
ABLE, ACTIVE, LIMITED, TO_ZERO = "AbleToScale", "ScalingActive", "ScalingLimited", "ScaledToZero"


class Soon(NamedTuple):
    """The key under which an event is taken note of: the autoscaler will look within its period."""

    hpa: Ref


def _itself(write: Write, _: View) -> Iterable[Key]:
    return (Soon(write.ref),) if write.actor != HorizontalController.name else ()


def _of_target(write: Write, view: View) -> Iterable[Key]:
    return [Soon(ref_of(h)) for h in view.objects(KIND, write.ref.namespace) if target_ref(h["spec"]["scaleTargetRef"], write.ref.namespace) == write.ref]


def _of_pod(write: Write, view: View) -> Iterable[Key]:
    return [Soon(ref_of(h)) for h in view.objects(KIND, write.ref.namespace)]


@dataclass(slots=True)
class Sync:
    """What one look works on; ``conditions`` and ``metrics`` are what the status is to say."""

    hpa: Object
    view: View
    ctx: Context
    past: Past
    conditions: list[dict[str, Any]]
    metrics: list[Any] | None = None
    events: list[Emit] = field(default_factory=list)

    @property
    def bounds(self) -> tuple[int, int]:
        """(minReplicas, maxReplicas)."""
        low = self.hpa["spec"].get("minReplicas")
        return 1 if low is None else low, self.hpa["spec"]["maxReplicas"]

    def say(self, kind: str, status: str, reason: str, message: str) -> None:
        """Set a condition; only another status counts as a transition."""
        known = next((c for c in self.conditions if c["type"] == kind), None)
        made = {"type": kind, "status": status, "reason": reason, "message": message}
        same = known is not None and known["status"] == status
        made["lastTransitionTime"] = known["lastTransitionTime"] if known is not None and same else write_instant(self.ctx.now)
        if known is None:
            self.conditions = [*self.conditions, made]
        else:
            self.conditions = [made if c is known else c for c in self.conditions]

    def warn(self, reason: str, message: str) -> None:
        """Record a warning about the autoscaler."""
        self.events.append(Emit(ref_of(self.hpa), reason, message, "Warning"))


class Undecided(Exception):
    """No replica count could be computed; the message goes into an event, "" into none."""


class HorizontalController:
    """The loop; the key is an autoscaler, or a note to look at one soon."""

    name = "horizontal-pod-autoscaler-controller"
    priority = 0
    watches = (
        Watch(KIND, _itself, "its own spec"),
        Watch("Deployment.apps", _of_target, "its target"),
        Watch("StatefulSet.apps", _of_target, "its target"),
        Watch("ReplicaSet.apps", _of_target, "its target"),
        Watch("ReplicationController", _of_target, "its target"),
        Watch("Pod", _of_pod, "the pods of its target"),
    )

    def __init__(self) -> None:
        self._past: dict[Ref, Past] = {}
        self._selectors: dict[Ref, Selector] = {}

    def start(self, view: View, ctx: Context) -> None:
        """Know the selectors of the autoscalers that have looked at their pods before."""
        for hpa in view.objects(KIND):
            if _has_looked(hpa):
                with suppress(NoScale, ValueError):
                    scale = scale_of(hpa["spec"]["scaleTargetRef"], namespace_of(hpa), view, ctx)
                    self._selectors[ref_of(hpa)] = parse_selector(scale.selector)

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Look at the target, scale it where bounds or metrics say so, and report."""
        if isinstance(key, Soon):
            if view.get(key.hpa) is not None or key.hpa in self._selectors:
                yield Requeue(after=PERIOD, key=key.hpa)
            return
        assert isinstance(key, Ref)
        hpa = view.get(key)
        if hpa is None:
            self._past.pop(key, None)
            if self._selectors.pop(key, None) is not None:
                yield from _wake_others(key, view)
            return
        past = self._past.setdefault(key, Past())
        s = Sync(hpa, view, ctx, past, [dict(c) for c in (hpa.get("status") or EMPTY).get("conditions") or ()])
        seq = view.seq
        yield from self._look(s)
        for event in s.events:  # noqa: UP028  (a list cannot be sent the engine's answers)
            yield event
        if view.seq != seq:
            yield Requeue(after=PERIOD)
        else:
            yield Noop("within-bounds")
            if Metrics.of(ctx.options.metrics).known:
                yield Requeue(after=PERIOD, background=True, note=f"{name_of(hpa)} looks at its metrics again")

    def _look(self, s: Sync) -> Steps:
        try:
            scale = scale_of(s.hpa["spec"]["scaleTargetRef"], namespace_of(s.hpa), s.view, s.ctx)
        except NoScale as error:
            s.warn("FailedGetScale", str(error))
            s.say(ABLE, "False", "FailedGetScale", f"the HPA controller was unable to get the target's current scale: {error}")
            yield from _write(s, s.hpa.get("status") or EMPTY)
            return
        s.say(ABLE, "True", "SucceededGetScale", "the HPA controller was able to get the target's current scale")
        if not s.past.recommendations:
            s.past.record(scale.replicas, s.ctx.now, 0)
        try:
            desired, reason = yield from self._decide(s, scale)
        except Undecided as error:
            s.warn("FailedComputeMetricsReplicas", str(error))
            old = s.hpa.get("status") or EMPTY
            yield from _write(s, _status(s, scale.replicas, old.get("desiredReplicas") or 0, old.get("lastScaleTime")))
            return
        yield from self._rescale(s, scale, desired, reason)

    def _rescale(self, s: Sync, scale: Scale, desired: int, reason: str) -> Steps:
        when = (s.hpa.get("status") or EMPTY).get("lastScaleTime")
        current = scale.replicas
        if desired != current:
            outcome = yield Update(scale.with_replicas(desired), because="autoscaled", subresource="scale")
            if outcome.error is not None:
                said = outcome.error.message
                s.warn("FailedRescale", f"New size: {desired}; reason: {reason}; error: {said}")
                s.say(ABLE, "False", "FailedUpdateScale", f"the HPA controller was unable to update the target scale: {said}")
                old = (s.hpa.get("status") or EMPTY).get("desiredReplicas") or 0
                yield from _write(s, _status(s, current, old, when))
                return
            s.say(ABLE, "True", "SucceededRescale", f"the HPA controller was able to update the target scale to {desired}")
            s.events.append(Emit(ref_of(s.hpa), "SuccessfulRescale", f"New size: {desired}; reason: {reason}"))
            if s.hpa["spec"].get("behavior") is not None:
                s.past.scaled(current, desired, s.ctx.now)
            when = write_instant(s.ctx.now)
            s.conditions = [c for c in s.conditions if c["type"] != TO_ZERO]
        yield from _write(s, _status(s, current, desired, when))

    # -- deciding ------------------------------------------------------------------------------------------------------

    def _decide(self, s: Sync, scale: Scale) -> Generator[Action, Outcome, tuple[int, str]]:
        """(replicas, why).

        Raises: Undecided.
        """
        low, high = s.bounds
        current = scale.replicas
        if current == 0:
            s.say(ACTIVE, "False", "ScalingDisabled", "scaling is disabled since the replica count of the target is zero")
            return 0, ""
        if current > high:
            return high, "Current number of replicas above Spec.MaxReplicas"
        if current < low:
            return low, "Current number of replicas below Spec.MinReplicas"
        selector = yield from self._selector(s, scale)
        proposed, metric = _by_metrics(s, scale, selector)
        reason = ""
        if proposed > current:
            reason = f"{metric} above target"
        elif proposed < current:
            reason = "All metrics below target"
        return _normalized(s, current, proposed), reason

    def _selector(self, s: Sync, scale: Scale) -> Generator[Action, Outcome, Selector]:
        """The selector of the target's pods, unless another autoscaler selects the same pods.

        Raises: Undecided.
        """
        try:
            selector = parse_selector(scale.selector)
        except ValueError as error:
            said = f"couldn't convert selector into a corresponding internal selector object: {error}"
            s.warn("InvalidSelector", said)
            s.say(ACTIVE, "False", "InvalidSelector", said)
            raise Undecided(said) from None
        if not scale.selector:
            s.warn("SelectorRequired", "selector is required")
            s.say(ACTIVE, "False", "InvalidSelector", "the HPA target's scale is missing a selector")
            raise Undecided("selector is required")
        ref = ref_of(s.hpa)
        if self._selectors.get(ref) != selector:
            self._selectors[ref] = selector
            yield from _wake_others(ref, s.view)
        pods = select(s.view, "Pod", ref.namespace, selector)
        rivals = [
            r for r, other in sorted(self._selectors.items()) if r.namespace == ref.namespace and any(other.matches(labels_of(p)) for p in pods)
        ]
        if len(rivals) > 1:
            names = " ".join(f"{r.namespace}/{r.name}" for r in rivals)
            said = f"pods by selector {scale.selector} are controlled by multiple HPAs: [{names}]"
            s.warn("AmbiguousSelector", said)
            s.say(ACTIVE, "False", "AmbiguousSelector", said)
            raise Undecided(said)
        return selector


def _has_looked(hpa: Object) -> bool:
    """Whether an autoscaler has come as far as its target's pods."""
    conditions = (hpa.get("status") or EMPTY).get("conditions") or ()
    return any(c["type"] == ACTIVE and c.get("reason") not in ("ScalingDisabled", "InvalidSelector") for c in conditions)


def _wake_others(ref: Ref, view: View) -> Steps:
    """Let the other autoscalers of the namespace see whether they are alone with their pods."""
    for other in view.objects(KIND, ref.namespace):
        if ref_of(other) != ref:
            yield Requeue(after=PERIOD, key=ref_of(other))


def _by_metrics(s: Sync, scale: Scale, selector: Selector) -> tuple[int, str]:
    """(the most any metric asks for, that metric's name).

    Raises: Undecided where none can be had, or where one cannot be had and the others would scale down.
    """
    namespace = namespace_of(s.hpa)
    pods = select(s.view, "Pod", namespace, selector)
    calculator = Calculator(Metrics.of(s.ctx.options.metrics), namespace, pods, selector, s.ctx.now, _tolerance(s))
    specs = s.hpa["spec"].get("metrics") or ()
    s.metrics = []
    replicas, name = 0, ""
    failures: list[Failed] = []
    for spec in specs:
        try:
            found = propose(spec, scale, calculator)
        except Failed as failure:
            s.warn(failure.reason, failure.cause)
            failures.append(failure)
            s.metrics.append({"type": ""})
            continue
        s.metrics.append(found.status)
        if replicas == 0 or found.replicas > replicas:
            replicas, name = found.replicas, found.name
    if failures and (len(failures) >= len(specs) or replicas < scale.replicas):
        first = failures[0]
        s.say(ACTIVE, "False", first.reason, f"the HPA was unable to compute the replica count: {first.cause}")
        raise Undecided(f"invalid metrics ({len(failures)} invalid out of {len(specs)}), first error is: {first}")
    s.say(ACTIVE, "True", "ValidMetricFound", f"the HPA was able to successfully calculate a replica count from {name}")
    return replicas, name


def _tolerance(s: Sync) -> Tolerance:
    behavior = s.hpa["spec"].get("behavior") or EMPTY
    if not s.ctx.gates.on("HPAConfigurableTolerance"):
        return Tolerance()
    down, up = ((behavior.get(k) or EMPTY).get("tolerance") for k in ("scaleDown", "scaleUp"))
    return Tolerance(*(0.1 if t is None else parse_or_zero(t).nano / 1e9 for t in (down, up)))


def _normalized(s: Sync, current: int, proposed: int) -> int:
    low, high = s.bounds
    behavior, now = s.hpa["spec"].get("behavior"), s.ctx.now
    if behavior is None:
        stable = stabilized(s.past, proposed, now)
        reason = "ScaleDownStabilized"
        message = "recent recommendations were higher than current one, applying the highest recent recommendation"
        limited = limited_by_rules(current, stable, low, high)
    else:
        found = stabilized_with_behavior(s.past, current, proposed, behavior, now)
        stable, reason, message = found
        limited = limited_by_behavior(s.past, current, stable, low, high, behavior, now)
    if stable == proposed:
        reason, message = "ReadyForNewScale", "recommended size matches current size"
    s.say(ABLE, "True", reason, message)
    s.say(LIMITED, "False" if limited.replicas == stable else "True", limited.reason, limited.message)
    return limited.replicas


# -- status ------------------------------------------------------------------------------------------------------------


def _status(s: Sync, current: int, desired: int, scaled_at: str | None) -> dict[str, Any]:
    status: dict[str, Any] = {"desiredReplicas": desired, "currentMetrics": s.metrics or None}
    if current:
        status["currentReplicas"] = current
    if scaled_at:
        status["lastScaleTime"] = scaled_at
    return status


def _write(s: Sync, status: Any) -> Steps:
    written = {**status, "conditions": s.conditions} if s.conditions else dict(status)
    written.setdefault("desiredReplicas", 0)
    written.setdefault("currentMetrics", None)
    old = s.hpa.get("status") or EMPTY
    if any((old.get(k) or None) != (written.get(k) or None) for k in old.keys() | written.keys()):
        yield Update({**s.hpa, "status": written}, because="status", subresource="status")


CONTROLLER = HorizontalController
