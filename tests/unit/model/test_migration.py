"""What drivers call the volumes that they have taken over, and where those can be reached from."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.model.migration import affinity_terms, csi_volume, inline_csi_volume, is_migrated_on, plugin_of

EBS, PD, DISK = "ebs.csi.aws.com", "pd.csi.storage.gke.io", "disk.csi.azure.com"
ZONE, OLD_ZONE = "topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"


def volume(source: dict[str, Any], labels: dict[str, str] | None = None, asks: dict[str, list[str]] | None = None, **spec: Any) -> dict[str, Any]:
    """A volume with labels, and a node affinity that asks for labels."""
    terms = [{"matchExpressions": [{"key": k, "operator": "In", "values": v} for k, v in asks.items()]}] if asks else []
    affinity = {"nodeAffinity": {"required": {"nodeSelectorTerms": terms}}} if terms else {}
    return {"metadata": {"name": "disk", "labels": labels or {}}, "spec": {**source, **affinity, **spec}}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (volume({"csi": {"driver": "csi.example.com", "volumeHandle": "v"}}), ("csi.example.com", "v")),
        (volume({"nfs": {"server": "s", "path": "/"}}), None),
        (volume({"awsElasticBlockStore": {"volumeID": "vol-1"}}), (EBS, "vol-1")),
        (volume({"awsElasticBlockStore": {"volumeID": "aws://us-east-1a/vol-1"}}), (EBS, "vol-1")),
        (volume({"azureDisk": {"diskName": "d", "diskURI": "/subscriptions/x/disks/d"}}), (DISK, "/subscriptions/x/disks/d")),
        (volume({"cinder": {"volumeID": "c"}}), ("cinder.csi.openstack.org", "c")),
        (volume({"portworxVolume": {"volumeID": "p"}}), ("pxd.portworx.com", "p")),
        (volume({"vsphereVolume": {"volumePath": "[ds] d.vmdk"}}), ("csi.vsphere.vmware.com", "[ds] d.vmdk")),
        (volume({"gcePersistentDisk": {"pdName": "d"}}), (PD, "projects/UNSPECIFIED/zones/UNSPECIFIED/disks/d")),
        (volume({"gcePersistentDisk": {"pdName": "d"}}, {ZONE: "us-east1-a"}), (PD, "projects/UNSPECIFIED/zones/us-east1-a/disks/d")),
        (volume({"gcePersistentDisk": {"pdName": "d"}}, {ZONE: "x", OLD_ZONE: "us-east1-a"}), (PD, "projects/UNSPECIFIED/zones/us-east1-a/disks/d")),
        (volume({"gcePersistentDisk": {"pdName": "d"}}, {ZONE: "us-east1-a__us-east1-c"}), (PD, "projects/UNSPECIFIED/regions/us-east1/disks/d")),
        (
            volume({"azureFile": {"shareName": "share", "secretName": "azure-storage-account-acc-secret"}}, claimRef={"namespace": "shop"}),
            ("file.csi.azure.com", "#acc#share#disk#shop"),
        ),
        (
            volume({"azureFile": {"shareName": "share", "secretName": "mine", "secretNamespace": "keys"}}, claimRef={"namespace": "shop"}),
            ("file.csi.azure.com", "#mine#share#disk#keys"),
        ),
    ],
)
def test_what_drivers_call_a_volume(given: dict[str, Any], wanted: tuple[str, str] | None) -> None:
    assert csi_volume(given) == wanted


def test_a_disk_that_a_pod_names_itself() -> None:
    assert inline_csi_volume({"name": "v", "gcePersistentDisk": {"pdName": "d"}}) == (PD, "projects/UNSPECIFIED/zones/UNSPECIFIED/disks/d")
    assert inline_csi_volume({"name": "v", "awsElasticBlockStore": {"volumeID": "vol-1"}}) == (EBS, "vol-1")
    assert inline_csi_volume({"name": "v", "emptyDir": {}}) is None
    assert plugin_of({"hostPath": {"path": "/"}}) == ""


def terms(*expressions: tuple[str, list[str]]) -> list[dict[str, Any]]:
    return [{"matchExpressions": [{"key": k, "operator": "In", "values": v} for k, v in expressions]}]


EBS_DISK, EBS_ZONE = {"awsElasticBlockStore": {"volumeID": "vol-1"}}, "topology.ebs.csi.aws.com/zone"
REGION, OLD_REGION = "topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (volume(EBS_DISK), []),
        (volume(EBS_DISK, {ZONE: "a"}), terms((EBS_ZONE, ["a"]))),
        (volume(EBS_DISK, {OLD_ZONE: "b__a"}), terms((EBS_ZONE, ["a", "b"]))),
        (volume(EBS_DISK, {ZONE: "a"}, {ZONE: ["a"]}), terms((EBS_ZONE, ["a"]))),
        (volume(EBS_DISK, {}, {ZONE: ["a"], REGION: ["r"]}), terms((EBS_ZONE, ["a"]), (REGION, ["r"]))),
        (volume(EBS_DISK, {}, {OLD_ZONE: ["a"], OLD_REGION: ["r"]}), terms((EBS_ZONE, ["a"]), (REGION, ["r"]))),
        (volume(EBS_DISK, {ZONE: "a"}, {"rack": ["1"]}), terms(("rack", ["1"]), (EBS_ZONE, ["a"]))),
        (volume({"azureDisk": {"diskURI": "d"}}, {ZONE: "a"}, {ZONE: ["a"]}), terms((ZONE, ["a"]))),
        (volume({"cinder": {"volumeID": "c"}}, {ZONE: "a"}), terms(("topology.cinder.csi.openstack.org/zone", ["a"]))),
        (volume({"gcePersistentDisk": {"pdName": "d"}}, {ZONE: "a"}), terms(("topology.gke.io/zone", ["a"]))),
    ],
)
def test_where_it_can_be_reached_from(given: dict[str, Any], wanted: list[dict[str, Any]]) -> None:
    assert affinity_terms(given) == wanted


def test_a_node_says_what_was_taken_over() -> None:
    node = {"metadata": {"name": "n", "annotations": {"storage.alpha.kubernetes.io/migrated-plugins": "kubernetes.io/aws-ebs,kubernetes.io/gce-pd"}}}
    assert is_migrated_on(node, "kubernetes.io/gce-pd")
    assert not is_migrated_on(node, "kubernetes.io/cinder")
    assert not is_migrated_on({"metadata": {"name": "n"}}, "kubernetes.io/gce-pd")
    assert not is_migrated_on(None, "kubernetes.io/gce-pd")
