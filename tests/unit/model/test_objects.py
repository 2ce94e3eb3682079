"""Objects: changing one copies only the path."""

from kplan.model.objects import Ref, get_in, ref_of, remove_in, replace_in

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"containers": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}]},
}


def test_replacing_copies_the_path_and_shares_the_rest() -> None:
    changed = replace_in(POD, ("spec", "containers", 0, "image"), "a:2")
    assert changed["spec"]["containers"][0] == {"name": "a", "image": "a:2"}
    assert POD["spec"]["containers"][0]["image"] == "a:1"
    assert changed["spec"]["containers"][1] is POD["spec"]["containers"][1]
    assert changed["metadata"] is POD["metadata"]


def test_replacing_makes_the_maps_on_the_way() -> None:
    assert replace_in({}, ("status", "phase"), "Running") == {"status": {"phase": "Running"}}


def test_removing_what_is_not_there_gives_the_object_itself() -> None:
    assert remove_in(POD, ("spec", "nodeName")) is POD
    assert remove_in(POD, ("spec", "containers", 1))["spec"]["containers"] == [{"name": "a", "image": "a:1"}]


def test_null_counts_as_absent_when_reading() -> None:
    assert get_in({"spec": {"replicas": None}}, ("spec", "replicas"), 1) == 1
    assert get_in({"spec": {"replicas": 0}}, ("spec", "replicas"), 1) == 0


def test_a_ref_names_kind_and_group_and_prints_as_people_say_it() -> None:
    assert ref_of(POD) == Ref("Pod", "shop", "web")
    deployment = ref_of({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}})
    assert deployment.kind == "Deployment.apps"
    assert (deployment.short_kind, deployment.group, str(deployment)) == ("Deployment", "apps", "Deployment shop/web")
