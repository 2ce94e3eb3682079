"""The catalog: versions, kinds, words, definitions, gates, lifecycles."""

from __future__ import annotations

import pytest

from kplan.catalog.catalog import Catalog, UnknownVersion, known_minors

CATALOG = Catalog.at("1.36")
CORE = "io.k8s.api.core.v1."


@pytest.mark.parametrize("version", ["1.36", "v1.36", "1.36.2", "v1.36.0", "v1.36.1+k3s1", " 1.36 "])
def test_a_version_means_its_minor(version: str) -> None:
    assert Catalog.at(version) is CATALOG


def test_latest_is_the_newest_known() -> None:
    assert Catalog.at("latest").minor == known_minors()[-1] == "1.37"


@pytest.mark.parametrize("version", ["1.12", "", "nonsense", "2.36", "1", "1.36.x"])
def test_an_unknown_version_lists_the_known(version: str) -> None:
    with pytest.raises(UnknownVersion, match=r"known are 1\.31, 1\.32, 1\.33, 1\.34, 1\.35, 1\.36, 1\.37"):
        Catalog.at(version)


@pytest.mark.parametrize(
    ("word", "resource", "api_version"),
    [
        ("deployments", "deployments.apps", "apps/v1"),
        ("deployment", "deployments.apps", "apps/v1"),
        ("deploy", "deployments.apps", "apps/v1"),
        ("Deployment", "deployments.apps", "apps/v1"),
        ("deployments.apps", "deployments.apps", "apps/v1"),
        ("deployments.v1.apps", "deployments.apps", "apps/v1"),
        ("hpa", "horizontalpodautoscalers.autoscaling", "autoscaling/v2"),
        ("hpa.v1.autoscaling", "horizontalpodautoscalers.autoscaling", "autoscaling/v1"),
        ("events", "events", "v1"),
        ("events.events.k8s.io", "events.events.k8s.io", "events.k8s.io/v1"),
        ("svc", "services", "v1"),
        ("endpoints", "endpoints", "v1"),
        ("netpol", "networkpolicies.networking.k8s.io", "networking.k8s.io/v1"),
    ],
)
def test_a_resource_goes_by_many_words(word: str, resource: str, api_version: str) -> None:
    info = CATALOG.resource(word)
    assert info is not None
    assert (info.resource, info.api_version) == (resource, api_version)


def test_a_word_nobody_serves() -> None:
    assert CATALOG.resource("podsecuritypolicies") is None


def test_a_kind_is_served_in_its_version_only() -> None:
    info = CATALOG.kind("apps/v1", "Deployment")
    assert info is not None
    assert (info.group_kind, info.namespaced, info.subresources) == ("Deployment.apps", True, ("scale", "status"))
    assert info.definition == "io.k8s.api.apps.v1.Deployment"
    assert CATALOG.kind("apps/v1beta1", "Deployment") is None
    assert CATALOG.kind("v1", "Deployment") is None
    assert CATALOG.kind("policy/v1", "Eviction") is None


def test_storage_kinds() -> None:
    stored = CATALOG.storage_kind("HorizontalPodAutoscaler.autoscaling")
    assert stored is not None and stored.api_version == "autoscaling/v2"


def test_a_field_says_how_it_is_typed_and_merged() -> None:
    container = CATALOG.definition(CORE + "Container").fields
    env = container["env"]
    assert (env.type, env.list_type, env.list_map_keys, env.merge_key, env.patch_strategies) == ("array", "map", ("name",), "name", ("merge",))
    assert env.items is not None and env.items.ref == CORE + "EnvVar"
    assert container["imagePullPolicy"].enum == ("Always", "IfNotPresent", "Never")
    assert CATALOG.definition(CORE + "ServicePort").fields["protocol"].default == "TCP"
    assert CATALOG.definition(CORE + "PodSpec").required == ("containers",)


@pytest.mark.parametrize(
    ("definition", "field", "type_", "format_"),
    [
        (CORE + "ServicePort", "targetPort", "int-or-string", ""),
        (CORE + "ServicePort", "port", "integer", "int32"),
        (CORE + "EmptyDirVolumeSource", "sizeLimit", "quantity", ""),
        (CORE + "PodStatus", "startTime", "time", "time"),
        (CORE + "Event", "eventTime", "time", "micro-time"),
        ("io.k8s.api.apps.v1.ControllerRevision", "data", "any", ""),
        ("io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry", "fieldsV1", "any", ""),
        ("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps", "default", "any", ""),
    ],
)
def test_types_that_read_their_own_json(definition: str, field: str, type_: str, format_: str) -> None:
    schema = CATALOG.definition(definition).fields[field]
    assert (schema.type, schema.format, schema.ref) == (type_, format_, "")


def test_maps_have_values() -> None:
    limits = CATALOG.definition(CORE + "ResourceRequirements").fields["limits"]
    assert limits.type == "object" and limits.values is not None and limits.values.type == "quantity"


@pytest.mark.parametrize("minor", known_minors())
def test_every_reference_leads_somewhere(minor: str) -> None:
    catalog = Catalog.at(minor)
    pending = [s for name in catalog.definition_names() for s in catalog.definition(name).fields.values()]
    pending += [s for name in (k.definition for k in catalog.kinds()) for s in catalog.definition(name).fields.values()]
    while pending:
        schema = pending.pop()
        if schema.ref:
            assert catalog.definition(schema.ref).name == schema.ref
        pending += [inner for inner in (schema.items, schema.values) if inner]


def test_minors_differ_as_kubernetes_does() -> None:
    assert Catalog.at("1.31").kind("networking.k8s.io/v1", "ServiceCIDR") is None
    assert Catalog.at("1.33").kind("networking.k8s.io/v1", "ServiceCIDR") is not None
    assert Catalog.at("1.31").kind("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema") is not None
    assert Catalog.at("1.32").kind("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema") is None
    assert "resize" not in Catalog.at("1.32").resource("pods").subresources  # type: ignore[union-attr]
    assert "resize" in Catalog.at("1.33").resource("pods").subresources  # type: ignore[union-attr]
    assert "schedulingGroup" not in Catalog.at("1.35").definition(CORE + "PodSpec").fields
    assert Catalog.at("1.31").definition(CORE + "Container").fields["imagePullPolicy"].enum == ("Always", "IfNotPresent", "Never")


def test_gates_follow_the_minor() -> None:
    def on(gate: str) -> list[bool]:
        return [Catalog.at(minor).gates.on(gate) for minor in known_minors()]

    assert on("InPlacePodVerticalScaling") == [False, False, True, True, True, True, True]
    assert on("GitRepoVolumeDriver") == [True, True, False, False, False, False, False]
    assert on("RelaxedServiceNameValidation") == [False] * 5 + [True] * 2
    assert not any(on("NoSuchGate") + on("AllAlpha"))


@pytest.mark.parametrize(
    ("api_version", "kind", "warning"),
    [
        ("v1", "Endpoints", "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"),
        ("v1", "ComponentStatus", "v1 ComponentStatus is deprecated in v1.19+"),
        (
            "extensions/v1beta1",
            "Ingress",
            "extensions/v1beta1 Ingress is deprecated in v1.14+, unavailable in v1.22+; use networking.k8s.io/v1 Ingress",
        ),
        ("policy/v1beta1", "PodSecurityPolicy", "policy/v1beta1 PodSecurityPolicy is deprecated in v1.21+, unavailable in v1.25+"),
        ("v1", "Pod", ""),
    ],
)
def test_the_servers_deprecation_warnings(api_version: str, kind: str, warning: str) -> None:
    lifecycle = CATALOG.lifecycle(api_version, kind)
    assert lifecycle is not None and lifecycle.warning == warning


def test_a_lifecycle_is_seen_from_a_minor() -> None:
    before, after = (Catalog.at(m).lifecycle("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema") for m in ("1.31", "1.32"))
    assert before is not None and after is not None
    assert (before.is_deprecated, before.is_removed, after.is_removed) == (True, False, True)
    endpoints = Catalog.at("1.32").lifecycle("v1", "Endpoints")
    assert endpoints is not None and endpoints.warning == ""
    assert CATALOG.lifecycle("example.com/v1", "Widget") is None


def test_go_types_follow_the_minor() -> None:
    def last(minor: str) -> str:
        return str(Catalog.at(minor).pod_template_go_types["v1.PodSpec"][-1]["json"])

    assert [last(m) for m in ("1.33", "1.34", "1.35", "1.36")] == ["resources", "hostnameOverride", "workloadRef", "schedulingGroup"]


@pytest.mark.parametrize("minor", known_minors())
def test_every_field_has_a_go_field(minor: str) -> None:
    catalog = Catalog.at(minor)
    for name in catalog.definition_names():
        assert {field.name for field in catalog.go_struct(name)} == set(catalog.definition(name).fields)
