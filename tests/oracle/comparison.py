"""A simulated cluster held against a recorded one, object by object, with all that may differ masked.

The records are of a real Kubernetes 1.36.2 (fixtures/recorded/README.md). Of the objects that the real commands or kplan
changed, three things must agree: which objects exist, their spec, their status; and where every recorded run placed its
pods alike, the placement too. Generated names count by their owner; addresses, times and UIDs do not count.
"""
# ruff: noqa: E731, B905

from __future__ import annotations

import collections
import contextlib
import copy
import gzip
import json
import re
from pathlib import Path
from typing import Any

# ruff: noqa: E731, B905
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$")
IP = re.compile(r"^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:]+)$")
HASH_LABELS = {"pod-template-hash", "controller-revision-hash", "controller-uid", "batch.kubernetes.io/controller-uid", "statefulset.kubernetes.io/revision"}
SKIP_KINDS = {"Event", "Lease", "FlowSchema", "PriorityLevelConfiguration", "APIService", "ServiceCIDR", "IPAddress", "VolumeAttachment", "ComponentStatus"}
SKIP_NAMES = {("ConfigMap", "kube-root-ca.crt"), ("ConfigMap", "kube-apiserver-legacy-service-account-token-tracking"), ("ConfigMap", "openshift-service-ca.crt"), ("Service", "kubernetes"), ("Endpoints", "kubernetes"), ("EndpointSlice", "kubernetes")}
DROP_META = {"uid", "resourceVersion", "creationTimestamp", "managedFields", "selfLink", "generation", "generateName", "deletionGracePeriodSeconds"}
DROP_ANNOTATIONS = {"endpoints.kubernetes.io/last-change-trigger-time", "oracle/seen", "pv.kubernetes.io/migrated-to", "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas"}


def load(path: Path) -> Any:
    """A record."""
    with gzip.open(path, "rt") as f:
        return json.load(f)


def owner(o):
    return next((r for r in o["metadata"].get("ownerReferences") or [] if r.get("controller")), None)


class View:
    """A cluster's objects under names that two runs can share."""

    def __init__(self, objects):
        self.objects = [o for o in objects if o["kind"] not in SKIP_KINDS and (o["kind"], o["metadata"].get("name")) not in SKIP_NAMES]
        for o in self.objects:
            o["metadata"].setdefault("name", "")
        self.by_name = {(o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]): o for o in self.objects}
        self.generated = {}
        for o in self.objects:
            g = self.stem(o)
            if g:
                self.generated[o["metadata"]["name"]] = g
        self.groups = collections.defaultdict(list)
        for o in self.objects:
            self.groups[self.identity(o)].append(o)

    def stem(self, o, depth=0):
        """What a generated name stands for, or None where the name was given."""
        m, kind = o["metadata"], o["kind"]
        own = owner(o)
        if kind == "ReplicaSet" and own:
            return f"<rs of {own['name']}>"
        if kind == "Pod" and own and own["kind"] != "StatefulSet":
            if own["kind"] == "Job" and (o["metadata"].get("annotations") or {}).get("batch.kubernetes.io/job-completion-index"):
                return f"<pod {o['metadata']['annotations']['batch.kubernetes.io/job-completion-index']} of Job {own['name']}>"
            parent = self.by_name.get((own["kind"], m.get("namespace"), own["name"]))
            top = (parent and depth < 3 and self.stem(parent, depth + 1)) or own["name"]
            return f"<pod of {own['kind']} {top}>"
        if kind == "EndpointSlice" and own:
            return f"<slice of {own['kind']} {own['name']}>"
        if kind == "ControllerRevision" and own:
            return f"<revision {o.get('revision')} of {own['name']}>"
        if kind == "PersistentVolume" and re.fullmatch(r"pvc-[0-9a-f-]{36}", m["name"]):
            c = o["spec"].get("claimRef") or {}
            return f"<pv of {c.get('namespace')}/{c.get('name')}>"
        if kind == "ResourceClaim" and own and m.get("generateName"):
            return f"<claim {(m.get('annotations') or {}).get('resource.kubernetes.io/pod-claim-name', '')} of {own['name']}>"
        if m.get("generateName") and not own:
            return f"<{m['generateName']}*>"
        return None

    def identity(self, o):
        m = o["metadata"]
        return o["kind"], m.get("namespace") or "", self.stem(o) or m["name"]

    def mask(self, v, key=None, parent=None):
        if isinstance(v, dict):
            return {k: self.mask(x, k, v) for k, x in v.items()}
        if isinstance(v, list):
            return [self.mask(x, key, v) for x in v]
        if isinstance(v, str):
            if v in self.generated:
                return self.generated[v]
            if TIME.match(v):
                return "<time>"
            if re.match(r"kube-api-access-[a-z0-9]{5}$", v):
                return "<token volume>"
            if key in ("podIP", "hostIP", "ip", "clusterIP", "clusterIPs", "podIPs", "addresses", "hostIPs") and IP.match(v):
                return "<ip>"
            if key == "uid" or key == "volumeHandle" or key in HASH_LABELS:
                return f"<{key}>"
            if key in ("currentRevision", "updateRevision"):
                return "<revision>"
        if isinstance(v, int) and key in ("nodePort", "healthCheckNodePort") and v:
            return "<port>"
        return v

    def words(self, text):
        for name in sorted(self.generated, key=len, reverse=True):
            text = text.replace(name, self.generated[name])
        return re.sub(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<uid>", text)

    def body(self, o):
        """(spec part, status part, node, messages) of one object, with all that may differ masked."""
        o = copy.deepcopy(o)
        m = o["metadata"]
        m["name"] = self.stem(o) or m["name"]
        for k in DROP_META:
            m.pop(k, None)
        if "deletionTimestamp" in m:
            m["deletionTimestamp"] = "<time>"
        notes = m.get("annotations") or {}
        for k in list(notes):
            if k in DROP_ANNOTATIONS:
                del notes[k]
            elif k == "kubectl.kubernetes.io/last-applied-configuration":
                with contextlib.suppress(ValueError):
                    notes[k] = json.loads(notes[k])
            elif k.endswith("/restartedAt"):
                notes[k] = "<time>"
        if not notes:
            m.pop("annotations", None)
        for r in m.get("ownerReferences") or []:
            r.pop("uid", None)
        m["ownerReferences"] = sorted(m.get("ownerReferences") or [], key=lambda r: (r["kind"], r["name"]))
        status = o.pop("status", {}) or {}
        status.pop("observedGeneration", None)
        node = (o.get("spec") or {}).pop("nodeName", None) if o["kind"] == "Pod" else None
        if o["kind"] == "Pod":
            (m.get("labels") or {}).pop("topology.kubernetes.io/zone", None)      # follow the node
            (m.get("labels") or {}).pop("topology.kubernetes.io/region", None)
            for k in ("hostIP", "hostIPs", "podIP", "podIPs", "observedGeneration"):
                status.pop(k, None)
            for k in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
                for c in status.get(k) or []:
                    for drop in ("imageID", "containerID", "lastState", "resources", "allocatedResources", "volumeMounts", "user"):
                        c.pop(drop, None)
                    for s in (c.get("state") or {}).values():
                        for drop in ("startedAt", "finishedAt", "containerID", "message"):
                            s.pop(drop, None)
        messages = []
        for c in status.get("conditions") or []:
            for drop in ("lastTransitionTime", "lastUpdateTime", "lastProbeTime", "lastHeartbeatTime", "observedGeneration"):
                c.pop(drop, None)
            text = c.pop("message", None)
            if text:
                messages.append((c["type"], self.words(text)))
        if status.get("conditions"):
            status["conditions"] = sorted(status["conditions"], key=lambda c: c["type"])
        if o["kind"] == "EndpointSlice":
            for e in o.get("endpoints") or []:
                e.pop("nodeName", None), e.pop("zone", None)
            o["endpoints"] = sorted(self.mask(o.get("endpoints") or []), key=lambda e: json.dumps(e, sort_keys=True))
            o["ports"] = sorted(o.get("ports") or [], key=lambda p: json.dumps(p, sort_keys=True))
        if o["kind"] == "Endpoints":
            for s in o.get("subsets") or []:
                for k in ("addresses", "notReadyAddresses"):
                    for e in s.get(k) or []:
                        e.pop("nodeName", None)
                    if k in s:
                        s[k] = sorted(self.mask(s[k]), key=lambda e: json.dumps(e, sort_keys=True))
        if o["kind"] == "PersistentVolumeClaim":
            (m.get("annotations") or {}).pop("volume.kubernetes.io/selected-node", None)
        if o["kind"] == "PersistentVolume" and "pv of" in m["name"]:
            o["spec"].pop("csi", None)
        if (o["kind"] == "PersistentVolume") and o["spec"].get("claimRef"):
            o["spec"]["claimRef"].pop("resourceVersion", None)
            o["spec"]["claimRef"].pop("uid", None)
        if o["kind"] == "ControllerRevision":
            o.pop("data", None)
        if o["kind"] == "Secret" and o.get("type") == "kubernetes.io/service-account-token":
            o.pop("data", None)
        return prune(self.mask(o)), prune(self.mask(status)), node, messages


def prune(v):
    """Absent, null, empty: one and the same here."""
    if isinstance(v, dict):
        out = {k: prune(x) for k, x in v.items()}
        return {k: x for k, x in out.items() if x not in (None, {}, [], "")}
    if isinstance(v, list):
        return [prune(x) for x in v]
    return v


def differences(a, b, path=""):
    if type(a) is dict and type(b) is dict:
        out = []
        for k in sorted(set(a) | set(b), key=str):
            out += differences(a.get(k), b.get(k), f"{path}.{k}" if path else str(k))
        return out
    if type(a) is list and type(b) is list and len(a) == len(b):
        return [d for i, (x, y) in enumerate(zip(a, b)) for d in differences(x, y, f"{path}[{i}]")]
    return [] if a == b else [f"{path}: real {short(a)}, kplan {short(b)}"]


def short(v):
    s = json.dumps(v, sort_keys=True)
    return s if len(s) < 160 else s[:157] + "..."


def pair(real, ours, rv, ov):
    """Match the objects of one identity: equal ones first, then the least different."""
    rb, ob = [rv.body(o) for o in real], [ov.body(o) for o in ours]
    pairs, left = [], list(range(len(ob)))
    todo: list[Any] = []
    for cost in ("exact", "spec", "any"):
        rest = []
        for r in rb if cost == "exact" else todo:
            hit = next((i for i in left if (ob[i][:3] == r[:3] if cost == "exact" else ob[i][0] == r[0] if cost == "spec" else True)), None)
            if cost == "any" and left:
                hit = min(left, key=lambda i: len(differences(r[0], ob[i][0])) + len(differences(r[1], ob[i][1])))
            if hit is None:
                rest.append(r)
            else:
                left.remove(hit)
                pairs.append((r, ob[hit]))
        todo = rest
    return pairs


def compare(after, ours, before=()):
    """Scores of one recorded run: {name: (hits, of)} and the differences in words.  What nobody changed does not count."""
    rv, ov, bv = View(after), View(ours), View(before)
    whole = lambda v, ident: sorted(json.dumps(v.body(o), sort_keys=True) for o in v.groups.get(ident, []))
    score = {k: [0, 0] for k in ("objects", "spec", "status", "placement", "words", "names")}
    notes = []
    for ident in sorted(set(rv.groups) | set(ov.groups), key=str):
        if ident in bv.groups and whole(bv, ident) == whole(rv, ident) == whole(ov, ident):
            continue
        real, our = rv.groups.get(ident, []), ov.groups.get(ident, [])
        label = f"{ident[0]} {ident[1] + '/' if ident[1] else ''}{ident[2]}"
        score["objects"][1] += max(len(real), len(our))
        score["objects"][0] += min(len(real), len(our))
        if len(real) != len(our):
            notes.append(f"objects: {label}: real {len(real)}, kplan {len(our)}")
        for part in ("spec", "status"):
            score[part][1] += max(len(real), len(our))
        for (rs, rst, _, rm), (os_, ost, _, om) in pair(real, our, rv, ov):
            for part, a, b in (("spec", rs, os_), ("status", rst, ost)):
                d = differences(a, b)
                score[part][0] += not d
                notes += [f"{part}: {label}: {x}" for x in d[:6]]
            if rm or om:
                score["words"][1] += 1
                score["words"][0] += sorted(rm) == sorted(om)
                if sorted(rm) != sorted(om):
                    notes.append(f"words: {label}: real {short(sorted(rm))}, kplan {short(sorted(om))}")
        if ident[0] in ("ReplicaSet", "ControllerRevision") and ident[2].startswith("<"):
            rn, on = ({o["metadata"]["name"] for o in x} for x in (real, our))
            score["names"][1] += len(rn)
            score["names"][0] += len(rn & on)
        if ident[0] == "Pod":
            rn, on = (collections.Counter((o["spec"].get("nodeName") or "-") for o in x) for x in (real, our))
            score["placement"][1] += sum(rn.values())
            score["placement"][0] += sum((rn & on).values())
            if rn != on:
                notes.append(f"placement: {label}: real {dict(rn)}, kplan {dict(on)}")
    return score, notes




def exact(record: dict[str, Any], ours: list[dict[str, Any]]) -> tuple[bool, list[str]]:
    """Whether a cluster is what some recorded run of the record became, and the differences from the run that fits best."""
    runs = record["after"] if isinstance(record["after"][0], list) else [record["after"]]
    if not any(o["kind"].startswith("ClusterRole") for o in record["before"] + runs[0]):
        ours = [o for o in ours if not o["kind"].startswith("ClusterRole")]
    alike = len(runs) > 1 and all(_placed(r) == _placed(runs[0]) for r in runs)
    loose = {"words", "names"} if alike else {"words", "names", "placement"}
    best: tuple[float, bool, list[str]] | None = None
    for after in runs:
        score, notes = compare(copy.deepcopy(after), copy.deepcopy(ours), copy.deepcopy(record["before"]))
        fit = sum(hits / of for hits, of in score.values() if of)
        perfect = all(hits == of for part, (hits, of) in score.items() if part not in loose)
        if best is None or (perfect, fit) > (best[1], best[0]):
            best = (fit, perfect, notes)
    assert best is not None
    return best[1], best[2]


def _placed(objects: list[dict[str, Any]]) -> dict[Any, Any]:
    """Which owner's pods are on which node, as counts."""
    view = View(copy.deepcopy(objects))
    return {i: collections.Counter((o["spec"].get("nodeName") or "-") for o in g) for i, g in view.groups.items() if i[0] == "Pod"}
