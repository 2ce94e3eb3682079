"""Webhooks that cannot be called: those of Services that do not exist. Who asks for one that must not fail is refused.

Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/{generic/webhook,validating/dispatcher,mutating/dispatcher}.go,
         staging/src/k8s.io/kube-aggregator/pkg/apiserver/resolvers.go, staging/src/k8s.io/apiserver/pkg/util/proxy/proxy.go (1.36)
Differs: what can be called is taken to agree; of a cluster that was given without its Services nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kplan.apiserver.admission.contract import AdmissionContext, Attributes
from kplan.apiserver.outcome import Status, internal_error
from kplan.apiserver.policies.evaluation import Expressions, conditions_match
from kplan.apiserver.policies.matching import EXEMPT, GROUP, MatchError, match
from kplan.apiserver.policies.objects import bindings_of
from kplan.model.objects import Ref, name_of

Hook = Mapping[str, Any]

MUTATING, VALIDATING = f"MutatingWebhookConfiguration.{GROUP}", f"ValidatingWebhookConfiguration.{GROUP}"
_OF_EVERY_CLUSTER = Ref("Service", "default", "kubernetes")


def call(kind: str, attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Ask the webhooks of all configurations of a kind about a request; 500 where one cannot be reached."""
    if attributes.kind in (*EXEMPT, MUTATING, VALIDATING) or context.view.get(_OF_EVERY_CLUSTER) is None:
        return None
    for hook in _hooks(kind, context):
        why = "" if hook.get("failurePolicy") == "Ignore" else _unreachable(hook.get("clientConfig") or {}, context)
        if why and _is_asked(hook, attributes, context):
            url = _url(hook["clientConfig"]["service"], hook.get("timeoutSeconds", 10))
            return internal_error(f'failed calling webhook "{hook["name"]}": failed to call webhook: Post "{url}": {why}')
    return None


def _hooks(kind: str, context: AdmissionContext) -> Iterator[Hook]:
    for configuration in sorted(context.view.objects(kind), key=name_of):
        yield from configuration.get("webhooks") or ()


def _unreachable(client: Mapping[str, Any], context: AdmissionContext) -> str:
    """Why the server has nobody to call, or ""."""
    service = client.get("service")
    if service is None:
        return ""
    found = context.view.get(Ref("Service", service["namespace"], service["name"]))
    if found is None:
        return f'service "{service["name"]}" not found'
    spec, port = found.get("spec") or {}, service.get("port", 443)
    if spec.get("type") == "ExternalName":
        return ""
    if spec.get("clusterIP") == "None":
        return 'cannot route to service with ClusterIP "None"'
    if all(p.get("port") != port for p in spec.get("ports") or ()):
        return f'no service port {port} found for service "{service["name"]}"'
    return ""


def _url(service: Mapping[str, Any], seconds: int) -> str:
    path = str(service.get("path") or "/")
    return f"https://{service['name']}.{service['namespace']}.svc:{service.get('port', 443)}{path}?timeout={seconds}s"


def _is_asked(hook: Hook, attributes: Attributes, context: AdmissionContext) -> bool:
    if not hook.get("rules"):
        return False
    selectors = {k: hook.get(k) or {} for k in ("namespaceSelector", "objectSelector")}
    wanted = {"resourceRules": hook["rules"], "matchPolicy": hook.get("matchPolicy"), **selectors}
    try:
        matched = match(wanted, attributes, context)
    except MatchError:
        return False
    if matched is None or not hook.get("matchConditions"):
        return matched is not None
    conditions = Expressions({"spec": {"matchConditions": hook["matchConditions"]}})
    return conditions_match(conditions, bindings_of(attributes, context, matched, None))[0]
