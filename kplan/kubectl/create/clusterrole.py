"""``kubectl create clusterrole``.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/create/create_clusterrole.go (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.kubectl import policyrules
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import LIST, flag
from kplan.kubectl.generating import SHARED, create, given_name, made

FLAGS = (*SHARED, *policyrules.FLAGS, flag("non-resource-url", LIST), flag("aggregation-rule", LIST))
_URL_VERBS = ("*", "get", "post", "put", "delete", "patch", "head", "options")


def run(command: Command) -> AnyFailure | None:
    """Create a ClusterRole of rules, or one that aggregates others."""
    a, client = command.arguments, command.client
    name = given_name(command)
    if isinstance(name, Failure):
        return name
    verbs, resources = policyrules.unique_verbs(a["verb"]), policyrules.parse(a["resource"])
    urls = list(dict.fromkeys(a["non-resource-url"]))
    if a["aggregation-rule"]:
        if urls or verbs or resources or a["resource-name"]:
            return Failure("aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames")
        labels = dict(pair.split("=", 1) for pair in a["aggregation-rule"] if "=" in pair)
        rule = {"clusterRoleSelectors": [{"matchLabels": labels}]}
        return create(command, {**_cluster_role(name), "aggregationRule": rule}, "")
    if not verbs:
        return Failure("at least one verb must be specified")
    if not resources and not urls:
        return Failure("one of resource or nonResourceURL must be specified")
    if resources and (error := policyrules.check(client, verbs, resources)):
        return error
    if wrong := _wrong_urls(verbs, urls):
        return Failure(wrong)
    rules = policyrules.rules(client, verbs, resources, a["resource-name"])
    if urls:
        rules.append({"verbs": verbs, "nonResourceURLs": urls})
    return create(command, {**_cluster_role(name), "rules": rules}, "")


def _cluster_role(name: str) -> dict[str, Any]:
    return made("rbac.authorization.k8s.io/v1", "ClusterRole", name)


def _wrong_urls(verbs: list[str], urls: list[str]) -> str:
    for verb in verbs if urls else ():
        if verb not in _URL_VERBS:
            return f"invalid verb: '{verb}' for nonResourceURL"
    for url in urls:
        if url != "*" and not url.startswith("/"):
            return "nonResourceURL should start with /"
        if url != "*" and "*" in url[:-1]:
            return "nonResourceURL only supports wildcard matches when '*' is at the end"
    return ""
