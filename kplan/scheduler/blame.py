"""Which plugins refused a pod, read back from the message they left on it.

A cluster that is loaded has pods found unschedulable before; what could help them follows from who refused them.

Mirrors: pkg/scheduler/framework/types.go Diagnosis.UnschedulablePlugins (1.36)
"""

from __future__ import annotations

import re

_WORDS: tuple[tuple[str, str], ...] = (
    ("were unschedulable", "NodeUnschedulable"),
    ("didn't match the requested node name", "NodeName"),
    ("untolerated taint", "TaintToleration"),
    ("didn't match Pod's node affinity/selector", "NodeAffinity"),
    ("didn't match scheduler-enforced node affinity", "NodeAffinity"),
    ("pod affinity terms conflict", "NodeAffinity"),
    ("didn't have free ports", "NodePorts"),
    ("Insufficient ", "NodeResourcesFit"),
    ("Too many pods", "NodeResourcesFit"),
    ("had no available disk", "VolumeRestrictions"),
    ("ReadWriteOncePod", "VolumeRestrictions"),
    ("exceed max volume count", "NodeVolumeLimits"),
    ("didn't match PersistentVolume's node affinity", "VolumeBinding"),
    ("didn't find available persistent volumes to bind", "VolumeBinding"),
    ("did not have enough free storage", "VolumeBinding"),
    ("bound to non-existent", "VolumeBinding"),
    ("unbound immediate PersistentVolumeClaims", "VolumeBinding"),
    ("waiting for ephemeral volume controller", "VolumeBinding"),
    ("had no available volume zone", "VolumeZone"),
    ("didn't match pod topology spread constraints", "PodTopologySpread"),
    ("didn't match pod affinity rules", "InterPodAffinity"),
    ("didn't match pod anti-affinity rules", "InterPodAffinity"),
    ("didn't satisfy existing pods anti-affinity rules", "InterPodAffinity"),
    ("cannot allocate all claims", "DynamicResources"),
    ("resourceclaim", "DynamicResources"),
    ("device class", "DynamicResources"),
    ("didn't match Pod's required features", "NodeDeclaredFeatures"),
)
_NAMED = re.compile(r"didn't satisfy plugin(?:\(s\))? \[?([A-Za-z ]+?)\]?(?: simultaneously|[,.])")


def blamed(message: str) -> frozenset[str]:
    """The plugins behind a message; nobody where the message is not understood."""
    own = re.split(r" (?:no new claims|still not schedulable|preemption:)", message)[0]
    found = {plugin for words, plugin in _WORDS if words in own}
    if re.search(r'persistentvolumeclaim "[^"]*" (not found|is being deleted)', own):
        found |= {"VolumeRestrictions", "VolumeBinding"}
    for names in _NAMED.findall(own):
        found.update(names.split())
    return frozenset(found)
