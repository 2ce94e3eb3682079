"""``kplan explain``: an object's chain of causes as numbered prose, ending at what nobody in the cluster caused.

Leaves of a chain are a line of a manifest, a fact of the cluster, a rule of Kubernetes, or an assumption.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.apiserver.server import USER, APIServer
from kplan.engine.loop import Engine
from kplan.kubelet.stages import OUTCOMES
from kplan.model.diagnostics import Location
from kplan.model.objects import EMPTY, Object, Ref, get_in, ref_of
from kplan.model.wording import count
from kplan.plan import reach
from kplan.plan.explain import Link, why
from kplan.plan.plan import unscheduled_pods
from kplan.plan.waiting import waiting_pods
from kplan.render.canvas import Canvas
from kplan.store.store import Store
from kplan.store.view import View

Origins = dict[Ref, Location]
_UNBOUND = {"PersistentVolumeClaim": ("Pending", "Lost"), "PersistentVolume": ("Failed",)}
"""The phases of claims and volumes that want a reason: the last that was said of them."""


def find(server: APIServer, view: View, target: str, namespace: str) -> list[Object]:
    """The objects ``KIND/NAME`` means; a name may be the beginning of one (``pod/web-``)."""
    word, slash, name = target.partition("/")
    info = server.catalog.resource(word) or next((k for k in server.custom_kinds() if word in (k.plural, k.singular, k.kind, *k.short_names)), None)
    if info is None or not slash:
        return []
    found = [o for o in view.objects(info.group_kind) if not namespace or not info.namespaced or o["metadata"].get("namespace") == namespace]
    exact = [o for o in found if o["metadata"]["name"] == name]
    return exact or [o for o in found if name and o["metadata"]["name"].startswith(name)]


def explain_text(
    server: APIServer, store: Store, engine: Engine, target: str, namespace: str, origins: Origins | None = None
) -> str | None:
    """The explanation of every object that ``target`` means; None where there is none."""
    objects = find(server, store, target, namespace)
    if not objects:
        return None
    canvas = Canvas(False)
    for obj in objects[:10]:
        _explain(canvas, obj, store, engine, origins or {})
    if len(objects) > 10:
        canvas.line(f"… and {len(objects) - 10} more")
    return canvas.text()


def _explain(canvas: Canvas, obj: Object, store: Store, engine: Engine, origins: Origins) -> None:
    ref = ref_of(obj)
    canvas.blank()
    canvas.line(f"{ref}: {_state(obj)}")
    links = why(store.journal, ref)
    for i, link in enumerate(links, start=1):
        canvas.line(f"  {i}. {'Because ' if i > 1 else ''}{link.text}.")
    canvas.line(f"  {len(links) + 1}. {_leaf(links, ref, origins)}")
    _trouble(canvas, ref, store)
    for line in _reach(store, obj):
        canvas.line(f"  {line}")
    for (actor, key), reason in engine.idle.items():
        if key == ref:
            canvas.line(f"  {actor} does nothing more about it: {reason.replace('-', ' ')}.")
    if ref in engine.ties:
        nodes = engine.ties[ref]
        canvas.line(f"  Its node is one of {len(nodes)} equals: {', '.join(nodes[:8])}{' …' if len(nodes) > 8 else ''}.")


def _reach(view: View, obj: Object) -> Iterator[str]:
    """Names, routes and rules: what the object lets reach what."""
    match obj["kind"]:
        case "Service":
            ready = len(reach.ready_endpoints(view, obj))
            if get_in(obj, ("spec", "type")) != "ExternalName":
                yield f"{count(ready, 'endpoint')} {'is' if ready == 1 else 'are'} ready."
            for name, meaning in reach.dns_names(view, obj):
                yield f"DNS {name}: {meaning}"
        case "StatefulSet":
            service = view.get(Ref("Service", obj["metadata"]["namespace"], get_in(obj, ("spec", "serviceName"), "")))
            for name, meaning in reach.dns_names(view, service) if service is not None else ():
                yield f"DNS {name}: {meaning}"
        case "Ingress":
            for r in reach.routes(view, obj):
                yield f"{r.where} → Service {r.service}:{r.port} → {r.ready} ready pods" + (f" ({r.problem})" if r.problem else "")
        case "NetworkPolicy":
            yield from reach.policy_lines(view, obj)
        case "Pod":
            for policy in reach.policies_of(view, obj):
                yield f"NetworkPolicy {policy['metadata']['name']} {'; '.join(reach.policy_lines(view, policy))}"


def _state(obj: Object) -> str:
    phase = get_in(obj, ("status", "phase"))
    node = get_in(obj, ("spec", "nodeName"))
    parts = [str(p) for p in (phase, f"on {node}" if node else None) if p]
    return " ".join(parts) or "as planned"


def _leaf(links: list[Link], ref: Ref, origins: Origins) -> str:
    if not links:
        return "Because it was in the cluster before (a fact of the cluster)."
    last = links[-1].write
    if last.actor == USER:
        at = origins.get(last.ref)
        return f"Because you wrote it: {at}." if at else f"Because you asked for it ({last.because.replace('-', ' ')})."
    if last.actor == "kubelet" and last.because in OUTCOMES:
        return "Because it was assumed of new pods (an assumption)."
    return f"Because {last.actor} does so with every such object (a rule of Kubernetes)."


def _trouble(canvas: Canvas, ref: Ref, store: Store) -> None:
    for pod in unscheduled_pods(o for o in (store.get(ref),) if o is not None and ref.kind == "Pod"):
        canvas.line(f"  It stays Pending: {pod.message}")
    for waiting in waiting_pods(store):
        if waiting.ref == ref:
            canvas.line(f"  It cannot start: {waiting.reason}{': ' + waiting.message if waiting.message else ''}")
    if ref.kind in _UNBOUND and (phase := get_in(store.get(ref) or EMPTY, ("status", "phase"))) in _UNBOUND[ref.kind]:
        said = next((e.message for e in reversed(store.journal.events) if e.ref == ref), "")
        if said:
            canvas.line(f"  It stays {phase}: {said}")
