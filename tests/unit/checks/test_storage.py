"""Claims without a volume, and volumes nobody reclaims, are told of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.checks.test_checks import SETTINGS, WEB, changed, done, plan


def claim(name: str = "data", **spec: Any) -> dict[str, Any]:
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name, "namespace": "default"}, "spec": wanted}


def volume(**spec: Any) -> dict[str, Any]:
    given = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "nfs": {"server": "s", "path": "/"}, **spec}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "disk"}, "spec": given}


def test_nobody_provisions_without_a_class(tmp_path: Path) -> None:
    said = "stays Pending: no persistent volumes available for this claim and no storage class is set"
    assert plan(tmp_path, [claim(storageClassName="")]) == [("KP604", f"PersistentVolumeClaim default/data: {said}")]


def test_alike_claims_are_told_of_once(tmp_path: Path) -> None:
    ((_, message),) = plan(tmp_path, [claim(f"data-{i}", storageClassName="") for i in range(3)])
    assert message.startswith("PersistentVolumeClaim default/data-0: stays Pending: ") and message.endswith(" (so do 2 more)")


def test_the_volume_it_names_does_not_fit(tmp_path: Path) -> None:
    ((code, message),) = plan(tmp_path, [volume(), claim(storageClassName="", volumeName="disk", accessModes=["ReadWriteMany"])])
    assert code == "KP604"
    assert message.endswith('data: stays Pending: Cannot bind to requested volume "disk": incompatible accessMode')


def test_a_claim_that_waits_for_its_pod_is_in_order(tmp_path: Path) -> None:
    assert plan(tmp_path, [claim()]) == []


def test_a_volume_that_comes_later_in_the_input(tmp_path: Path) -> None:
    assert plan(tmp_path, [claim(storageClassName=""), volume()]) == []


def test_a_class_that_does_not_exist_is_told_of_as_such(tmp_path: Path) -> None:
    assert [code for code, _ in plan(tmp_path, [claim(storageClassName="gold")])] == ["KP404"]


def test_what_waited_before_is_not_told_again(tmp_path: Path) -> None:
    assert plan(tmp_path, [claim(storageClassName="")], [claim("other")]) == []



def test_a_share_that_was_to_be_deleted(tmp_path: Path) -> None:
    given = [volume(persistentVolumeReclaimPolicy="Delete"), claim(storageClassName="")]
    ((code, message),) = done(tmp_path, given, ["delete", "pvc", "data"])
    why = 'error getting deleter volume plugin for volume "disk": no deletable volume plugin matched'
    assert (code, message) == ("KP605", f"PersistentVolume disk: is released, and its reclaim policy is Delete, but {why}")


def test_a_volume_that_is_deleted_while_it_is_bound(tmp_path: Path) -> None:
    disk = volume(csi={"driver": "csi.example.com", "volumeHandle": "v"}, nfs=None, persistentVolumeReclaimPolicy="Delete")
    disk["metadata"] |= {"finalizers": ["external-provisioner.volume.kubernetes.io/finalizer"], "annotations": {"pv.kubernetes.io/provisioned-by": "csi.example.com"}}
    held = "PersistentVolume disk: is deleted, but stays: bound to PersistentVolumeClaim default/data"
    assert done(tmp_path, [disk, claim(storageClassName="")], ["delete", "pv", "disk"]) == [("KP602", held)]


def test_a_class_of_attributes_that_is_named(tmp_path: Path) -> None:
    gold = {"apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttributesClass", "metadata": {"name": "gold"}, "driverName": "csi.example.com", "parameters": {"a": "b"}}
    held = "VolumeAttributesClass gold: is deleted, but stays: named by PersistentVolumeClaim default/data"
    assert done(tmp_path, [gold, claim(volumeAttributesClassName="gold")], ["delete", "volumeattributesclass", "gold"]) == [("KP602", held)]


def test_the_data_goes_where_a_provisioner_keeps_the_volume(tmp_path: Path) -> None:
    disk = volume(csi={"driver": "csi.example.com", "volumeHandle": "v"}, nfs=None, persistentVolumeReclaimPolicy="Delete")
    disk["metadata"] |= {"finalizers": ["external-provisioner.volume.kubernetes.io/finalizer"], "annotations": {"pv.kubernetes.io/provisioned-by": "csi.example.com"}}
    gone = "PersistentVolume disk: is deleted with its data (1Gi of PersistentVolumeClaim default/data)"
    assert done(tmp_path, [disk, claim(storageClassName="")], ["delete", "pvc", "data"]) == [("KP804", gone)]


def test_claims_of_a_template_are_told_of_there(tmp_path: Path) -> None:
    template = {"metadata": {"name": "data"}, "spec": claim(storageClassName="gold")["spec"]}
    spec = {**WEB["spec"], "serviceName": "web", "podManagementPolicy": "Parallel", "volumeClaimTemplates": [template]}
    found = dict(plan(tmp_path, [SETTINGS, {**WEB, "kind": "StatefulSet", "spec": spec}]))
    why = 'PersistentVolumeClaim default/data-web-0 stays Pending: storageclass.storage.k8s.io "gold" not found (so does 1 more)'
    assert found["KP604"] == f"StatefulSet default/web: {why}"


def test_claims_of_ephemeral_volumes_are_told_of_at_the_workload(tmp_path: Path) -> None:
    template = {**WEB["spec"]["template"]["spec"], "volumes": [{"name": "tmp", "ephemeral": {"volumeClaimTemplate": {"spec": claim(storageClassName="")["spec"]}}}]}
    web = changed(WEB, replicas=1, template={**WEB["spec"]["template"], "spec": template})
    found = dict(plan(tmp_path, [SETTINGS, web]))
    assert found["KP604"].startswith("Deployment default/web: PersistentVolumeClaim default/web-")


FAST = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "fast"}, "provisioner": "csi.example.com", "allowVolumeExpansion": True}
DRIVER = {"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": {"name": "csi.example.com"}, "spec": {}}
MORE = {"requests": {"storage": "5Gi"}}


def test_nobody_is_known_to_grow_a_volume(tmp_path: Path) -> None:
    said = "PersistentVolumeClaim default/data: asks for 5Gi, but stays at 1Gi until driver csi.example.com grows its volume"
    assert plan(tmp_path, [FAST, claim(storageClassName="fast")], [claim(storageClassName="fast", resources=MORE)]) == [("KP607", said)]


def test_a_driver_that_is_there_grows_it(tmp_path: Path) -> None:
    assert plan(tmp_path, [FAST, DRIVER, claim(storageClassName="fast")], [claim(storageClassName="fast", resources=MORE)]) == []
