"""Clusters and manifests of any size, the same bytes each time."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

ZONES = 3


def node(i: int, *, cpu: str = "16", memory: str = "64Gi") -> dict[str, Any]:
    """A ready worker node."""
    name = f"node-{i:05d}"
    capacity = {"cpu": cpu, "memory": memory, "pods": "110", "ephemeral-storage": "200Gi"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "uid": f"00000000-0000-4000-8000-{i:012d}",
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "topology.kubernetes.io/zone": f"zone-{i % ZONES}",
                "topology.kubernetes.io/region": "region",
            },
        },
        "spec": {},
        "status": {
            "capacity": capacity,
            "allocatable": capacity,
            "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "lastTransitionTime": "2026-01-01T00:00:00Z"}],
            "nodeInfo": {"kubeletVersion": "v1.36.2", "operatingSystem": "linux", "architecture": "amd64"},
        },
    }


def deployment(i: int, replicas: int) -> dict[str, Any]:
    """A Deployment with requests."""
    labels = {"app": f"app-{i:05d}"}
    container = {
        "name": "main",
        "image": f"registry.example/app-{i % 50}:1.{i % 7}",
        "ports": [{"containerPort": 8080, "name": "http"}],
        "env": [{"name": "LEVEL", "value": "info"}, {"name": "SHARD", "value": str(i)}],
        "resources": {"requests": {"cpu": f"{50 + 10 * (i % 10)}m", "memory": f"{64 + 16 * (i % 8)}Mi"}, "limits": {"memory": "512Mi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 5},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": labels["app"], "namespace": "default", "labels": labels},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}},
    }


def service(i: int) -> dict[str, Any]:
    """The Service in front of it."""
    labels = {"app": f"app-{i:05d}"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": labels["app"], "namespace": "default"},
        "spec": {"selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
    }


def config(i: int) -> dict[str, Any]:
    """A ConfigMap beside it."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"app-{i:05d}", "namespace": "default"}, "data": {"level": "info", "shard": str(i)}}


def write_files(folder: Path, count: int) -> None:
    """``count`` files of three objects each, in YAML as people write it."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.ignore_aliases = lambda _: True
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        with (folder / f"app-{i:05d}.yaml").open("w") as f:
            yaml.dump_all([deployment(i, 3), service(i), config(i)], f)


if __name__ == "__main__":
    write_files(Path(sys.argv[1]), int(sys.argv[2]))
