"""ImageLocality: prefers nodes that hold the pod's images, the more so the larger and the wider spread these are.

    image score = int(size × nodes with it ÷ all nodes); node = 100 × (Σ − 23 MiB) ÷ (1000 MiB × containers − 23 MiB)

Mirrors: pkg/scheduler/framework/plugins/imagelocality/image_locality.go, pkg/scheduler/backend/cache/snapshot.go (1.36)
Differs: an image has the size its own node reports, where the real cache may keep the first one it saw.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kplan.scheduler.cluster import Cluster
from kplan.scheduler.framework import MAX_NODE_SCORE, SKIP, Ints, Locality, Rows, Skip, truncate
from kplan.scheduler.pods import PodInfo

_MIB = 1024 * 1024
MIN_THRESHOLD = 23 * _MIB
MAX_CONTAINER_THRESHOLD = 1000 * _MIB


class ImageLocalityState:
    """A score that follows from the nodes alone."""

    locality: Locality = "none"

    def __init__(self, raw: Ints) -> None:
        self.raw = raw

    def score(self, rows: Rows) -> None:
        """Nothing that happens to pods changes the score."""


class ImageLocality:
    """Scores by images held."""

    name = "ImageLocality"

    def pre_score(self, pod: PodInfo, cluster: Cluster) -> Skip | ImageLocalityState:
        """Add up the scores of the images each node holds."""
        nodes = cluster.nodes
        held = [nodes.images[name] for name in wanted_images(pod) if name in nodes.images]
        if not held:
            return SKIP
        total = np.zeros(nodes.size, dtype=np.int64)
        for image in held:
            total[image.rows] += truncate(image.sizes.astype(np.float64) * (len(image.rows) / nodes.size))
        most = MAX_CONTAINER_THRESHOLD * len(pod.containers)
        total = np.clip(total, MIN_THRESHOLD, most)
        return ImageLocalityState(MAX_NODE_SCORE * (total - MIN_THRESHOLD) // (most - MIN_THRESHOLD))


def wanted_images(pod: PodInfo) -> Iterator[str]:
    """The images of containers and image volumes, tagged."""
    for container in pod.containers:
        yield normalized_image_name(container.get("image") or "")
    for volume in pod.volumes:
        if volume.get("image"):
            yield normalized_image_name(volume["image"].get("reference") or "")


def normalized_image_name(name: str) -> str:
    """The name with ``:latest`` where it has no tag."""
    return f"{name}:latest" if name.rfind(":") <= name.rfind("/") else name
