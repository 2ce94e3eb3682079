"""Every active namespace has the ConfigMap ``kube-root-ca.crt``, which every pod's token volume mounts.

Mirrors: pkg/controller/certificates/rootcacertpublisher/publisher.go (1.36)
Differs: the certificate of a new namespace is copied from another namespace, or a placeholder.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kplan.engine.contract import Context, Create, Key, Noop, Steps, Update, Watch, own_key
from kplan.model.objects import Ref, get_in
from kplan.store.journal import Write
from kplan.store.view import View

NAME = "kube-root-ca.crt"
DESCRIPTION = "kubernetes.io/description"
_WORDS = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal "
    "service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."
)


def _namespace(write: Write, _: View) -> Iterable[Key]:
    return (Ref("Namespace", "", write.ref.namespace),) if write.ref.name == NAME and write.before is not None else ()


class RootCAPublisher:
    """The key is a namespace."""

    name = "root-ca-certificate-publisher-controller"
    priority = 0
    watches = (Watch("Namespace", own_key, "a namespace"), Watch("ConfigMap", _namespace, "its root CA was changed"))

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Create the ConfigMap, or put back what somebody changed in it."""
        assert isinstance(key, Ref)
        namespace = view.get(key)
        if namespace is None or get_in(namespace, ("status", "phase")) != "Active":
            yield Noop("namespace-is-not-active")
            return
        data = _certificate(view)
        found = view.get(Ref("ConfigMap", key.name, NAME))
        if found is None:
            meta = {"name": NAME, "namespace": key.name, "annotations": {DESCRIPTION: _WORDS}}
            yield Create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}, because="namespace-without-root-ca")
        elif found.get("data") != data and key.name != "kube-system":
            yield Update({**found, "data": data}, because="root-ca-was-changed")


def _certificate(view: View) -> Mapping[str, str]:
    for namespace in ("kube-system", "default"):
        known = view.get(Ref("ConfigMap", namespace, NAME))
        if known is not None and known.get("data"):
            return known["data"]  # type: ignore[no-any-return]
    return {"ca.crt": ""}


CONTROLLER = RootCAPublisher
