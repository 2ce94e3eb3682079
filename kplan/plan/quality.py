"""What the plan assumed and what it does not model, said rather than hidden."""

from __future__ import annotations

from collections.abc import Sequence

from kplan.catalog.catalog import Catalog
from kplan.controllers import unmodelled as controllers
from kplan.engine.contract import Options
from kplan.model.objects import Ref
from kplan.plan.plan import Quality
from kplan.scheduler.unmodelled import unmodelled
from kplan.store.view import View

_WEBHOOKS = ("MutatingWebhookConfiguration.admissionregistration.k8s.io", "ValidatingWebhookConfiguration.admissionregistration.k8s.io")
_CRD = "CustomResourceDefinition.apiextensions.k8s.io"
_ASSUMED = {
    "running": "new pods start and become Ready, a Job's pods succeed",
    "succeeded": "new pods run and succeed",
    "failed": "new pods fail",
    "unready": "new pods run but never become Ready",
    "image-pull-backoff": "images of new pods cannot be pulled",
    "crash-loop": "new pods crash again and again",
}


def quality_of(view: View, catalog: Catalog, options: Options, unmanaged: Sequence[Ref] = (), granted: str = "") -> Quality:
    """What can be said of a plan over this cluster; ``unmanaged`` was applied server-side without knowing who manages it."""
    assumed = [_ASSUMED.get(options.assume, options.assume)]
    if not options.cloud:
        assumed.append("no cloud controller: load balancers stay pending")
    if granted:
        assumed.append(granted)
    missing = []
    for kind in _WEBHOOKS:
        for obj in view.objects(kind):
            for hook in obj.get("webhooks") or []:
                missing.append(f"{obj['kind']} {obj['metadata']['name']}: webhook {hook.get('name')} is not called")
    custom = {o["spec"]["group"] for o in view.objects(_CRD) if isinstance(o.get("spec"), dict) and "group" in o["spec"]}
    kinds = [k for k in view.kinds() if k.partition(".")[2] in custom]
    missing += [f"{k}: stored and validated, its controller is not modelled" for k in kinds]
    unknown = [k for k in view.kinds() if catalog.storage_kind(k) is None and k.partition(".")[2] not in custom]
    missing += [f"{k}: unknown kind, kept as it is" for k in unknown]
    if any(view.objects("HorizontalPodAutoscaler.autoscaling")) and options.metrics is None:
        missing.append("HorizontalPodAutoscaler: no metrics were given, only minReplicas and maxReplicas take effect")
    if unmanaged:
        missing.append(_unmanaged(unmanaged))
    missing += controllers.unmodelled(view)
    missing += unmodelled(view, options.scheduler_config, catalog.gates)
    return Quality(tuple(assumed), tuple(missing))


def _unmanaged(refs: Sequence[Ref]) -> str:
    others = f" and {len(refs) - 1} more" if len(refs) > 1 else ""
    return (
        f"server-side apply to {refs[0]}{others}: the cluster was given without managedFields (kubectl get --show-managed-fields), "
        "so neither conflicts nor what an apply takes away can be told"
    )
