"""Volume plugins, one function each: the reasons a node is refused for."""

from __future__ import annotations

from tests.reference.scheduler.filters import term_selects
from tests.reference.scheduler.world import Object, World, amount, labels, matches

ZONE, REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"


def claims(pod: Object, world: World) -> list[Object]:
    """The claims of a pod that exist."""
    names = [v["persistentVolumeClaim"]["claimName"] for v in pod["spec"].get("volumes") or [] if "persistentVolumeClaim" in v]
    found = [world.find("PersistentVolumeClaim", name, pod["metadata"]["namespace"]) for name in names]
    return [c for c in found if c is not None]


def is_bound(claim: Object) -> bool:
    """Whether claim and volume have found each other for good."""
    return bool(claim["spec"].get("volumeName")) and "pv.kubernetes.io/bind-completed" in (claim["metadata"].get("annotations") or {})


def is_late(claim: Object, world: World) -> bool:
    """Whether a claim waits for a pod."""
    cls = world.find("StorageClass", claim["spec"].get("storageClassName") or "")
    return cls is not None and cls["volumeBindingMode"] == "WaitForFirstConsumer" and not claim["spec"].get("volumeName")


def refused_at_once(pod: Object, world: World) -> str | None:
    """Why the pod is refused before any node is looked at."""
    for volume in pod["spec"].get("volumes") or []:
        if "persistentVolumeClaim" in volume:
            name = volume["persistentVolumeClaim"]["claimName"]
            claim = world.find("PersistentVolumeClaim", name, pod["metadata"]["namespace"])
            if claim is None:
                return f'persistentvolumeclaim "{name}" not found'
    for claim in claims(pod, world):
        if claim.get("status", {}).get("phase") == "Lost":
            return f'persistentvolumeclaim "{claim["metadata"]["name"]}" bound to non-existent persistentvolume "{claim["spec"].get("volumeName", "")}"'
        if claim["metadata"].get("deletionTimestamp"):
            return f'persistentvolumeclaim "{claim["metadata"]["name"]}" is being deleted'
    if any(not is_bound(c) and not is_late(c, world) for c in claims(pod, world)):
        return "pod has unbound immediate PersistentVolumeClaims"
    for claim in claims(pod, world):
        name = claim["spec"].get("volumeName")
        if name and world.find("PersistentVolume", name) is None:
            return f'persistentvolume "{name}" not found'
    return None


def volume_restrictions(pod: Object, node: Object, world: World) -> list[str]:
    """A ReadWriteOncePod claim has one pod in the cluster; some disks have one pod a node."""

    def disks(p: Object) -> set[str]:
        return {v["awsElasticBlockStore"]["volumeID"] for v in p["spec"].get("volumes") or [] if "awsElasticBlockStore" in v}

    if any(disks(pod) & disks(other) for other in world.on(node)):
        return ["node(s) had no available disk"]
    exclusive = [c["metadata"]["name"] for c in claims(pod, world) if "ReadWriteOncePod" in c["spec"]["accessModes"]]
    users = [c["metadata"]["name"] for p in world.pods if p["metadata"]["namespace"] == pod["metadata"]["namespace"] for c in claims(p, world)]
    if any(name in users for name in exclusive):
        return ["node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod"]
    return []


def attached(p: Object, world: World) -> set[tuple[str, str]]:
    """(driver, volume) of a pod's CSI volumes; those to be provisioned go by their claim."""
    found = set()
    for claim in claims(p, world):
        volume = world.find("PersistentVolume", claim["spec"].get("volumeName") or "")
        cls = world.find("StorageClass", claim["spec"].get("storageClassName") or "")
        if volume is not None:
            if "csi" in volume["spec"]:
                found.add((volume["spec"]["csi"]["driver"], volume["spec"]["csi"]["volumeHandle"]))
        elif cls is not None:
            found.add((cls["provisioner"], f"claim {claim['metadata']['name']}"))
    return found


def node_volume_limits(pod: Object, node: Object, world: World) -> list[str]:
    """The drivers' limits, what the pods there have, and what the pod brings anew."""
    csi = world.find("CSINode", node["metadata"]["name"])
    limits = {d["name"]: d["allocatable"]["count"] for d in csi["spec"]["drivers"]} if csi is not None else {}
    there = set().union(*(attached(p, world) for p in world.on(node)))
    new = attached(pod, world) - there
    for driver in {d for d, _ in new} & set(limits):
        if sum(d == driver for d, _ in there | new) > limits[driver]:
            return ["node(s) exceed max volume count"]
    return []


def reaches(node: Object, volume: Object) -> bool:
    """Whether a volume can be used on a node."""
    required = (volume["spec"].get("nodeAffinity") or {}).get("required")
    return required is None or any(term_selects(t, node) for t in required["nodeSelectorTerms"])


def choose(node: Object, claim: Object, taken: list[str], world: World) -> Object | None:
    """The volume for a claim: the one reserved for it, else the smallest free one that does."""

    def does(volume: Object) -> bool:
        return (
            volume["spec"].get("storageClassName") == claim["spec"].get("storageClassName")
            and amount(volume["spec"]["capacity"]["storage"]) >= amount(claim["spec"]["resources"]["requests"]["storage"])
            and not volume["metadata"].get("deletionTimestamp")
        )

    def is_for(volume: Object) -> bool:
        ref = volume["spec"].get("claimRef") or {}
        return (ref.get("name"), ref.get("namespace")) == (claim["metadata"]["name"], claim["metadata"]["namespace"])

    volumes = [v for v in sorted(world.all("PersistentVolume"), key=lambda v: v["metadata"]["name"]) if does(v)]
    reserved = [v for v in volumes if is_for(v)]
    if reserved:
        return reserved[0] if reaches(node, reserved[0]) and reserved[0]["metadata"]["name"] not in taken else None
    free = [
        v
        for v in volumes
        if "claimRef" not in v["spec"]
        and v["status"]["phase"] == "Available"
        and set(claim["spec"]["accessModes"]) <= set(v["spec"]["accessModes"])
        and (claim["spec"].get("selector") is None or matches(claim["spec"]["selector"], labels(v)))
        and reaches(node, v)
        and v["metadata"]["name"] not in taken
    ]
    return min(free, key=lambda v: amount(v["spec"]["capacity"]["storage"]), default=None)


def provisioning(node: Object, claim: Object, world: World) -> str | None:
    """Why a volume cannot be made for a claim on a node."""
    cls = world.find("StorageClass", claim["spec"]["storageClassName"])
    assert cls is not None
    impossible = "node(s) didn't find available persistent volumes to bind"
    if cls["provisioner"] == "kubernetes.io/no-provisioner":
        return impossible
    terms = cls.get("allowedTopologies") or []
    if terms and not any(all(labels(node).get(e["key"]) in e["values"] for e in t["matchLabelExpressions"]) for t in terms):
        return impossible
    driver = world.find("CSIDriver", cls["provisioner"])
    if driver is None or not driver["spec"].get("storageCapacity"):
        return None
    size = amount(claim["spec"]["resources"]["requests"]["storage"])
    for capacity in world.all("CSIStorageCapacity"):
        here = capacity["storageClassName"] == cls["metadata"]["name"] and matches(capacity["nodeTopology"], labels(node))
        if here and amount(capacity["capacity"]) >= size:
            return None
    return "node(s) did not have enough free storage"


def volume_binding(pod: Object, node: Object, world: World) -> list[str]:
    """Bound volumes must be reachable, the others found or made."""
    reasons = []
    for claim in (c for c in claims(pod, world) if is_bound(c)):
        volume = world.find("PersistentVolume", claim["spec"]["volumeName"])
        if volume is None:
            reasons.append("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)")
            break
        if not reaches(node, volume):
            reasons.append("node(s) didn't match PersistentVolume's node affinity")
            break
    late = [c for c in claims(pod, world) if not is_bound(c)]
    taken: list[str] = []
    left = []
    for claim in late:
        chosen = (claim["metadata"].get("annotations") or {}).get("volume.kubernetes.io/selected-node")
        if chosen is not None and chosen != node["metadata"]["name"]:
            return [*reasons, "node(s) didn't find available persistent volumes to bind"]
        if chosen is not None:
            left.append(claim)
    waiting = [c for c in late if c not in left]
    for claim in sorted(waiting, key=lambda c: amount(c["spec"]["resources"]["requests"]["storage"])):
        found = choose(node, claim, taken, world)
        if found is None:
            left.append(claim)
        else:
            taken.append(found["metadata"]["name"])
    why = next((w for claim in left if (w := provisioning(node, claim, world)) is not None), None)
    return reasons + ([why] if why else [])


def volume_zone(pod: Object, node: Object, world: World) -> list[str]:
    """Zone and region labels of bound volumes, for nodes that have any."""
    if ZONE not in labels(node) and REGION not in labels(node):
        return []
    for claim in claims(pod, world):
        volume = world.find("PersistentVolume", claim["spec"].get("volumeName") or "")
        for key in (ZONE, REGION):
            value = labels(volume).get(key) if volume is not None else None
            if value is not None and labels(node).get(key) not in value.split("__"):
                return ["node(s) had no available volume zone"]
    return []


VOLUME_FILTERS = {
    "VolumeRestrictions": volume_restrictions,
    "NodeVolumeLimits": node_volume_limits,
    "VolumeBinding": volume_binding,
    "VolumeZone": volume_zone,
}
"""In the order in which they are asked."""
