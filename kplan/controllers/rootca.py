"""Every namespace has the ConfigMap ``kube-root-ca.crt``, which every pod's token volume mounts.

Mirrors: pkg/controller/certificates/rootcacertpublisher/publisher.go (1.36)
Differs: the certificate is the one the namespaces had at the beginning, or a placeholder.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kplan.engine.contract import Context, Create, Key, Noop, Steps, Update, Watch
from kplan.model.objects import Ref, annotations_of, get_in
from kplan.store.journal import Write
from kplan.store.view import View

NAME = "kube-root-ca.crt"
DESCRIPTION = "kubernetes.io/description"
_WORDS = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal "
    "service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."
)


def _namespace(write: Write, _: View) -> Iterable[Key]:
    after = write.after
    return (write.ref,) if after is not None and (write.before is None or get_in(after, ("status", "phase")) == "Active") else ()


def _config_map(write: Write, _: View) -> Iterable[Key]:
    return (Ref("Namespace", "", write.ref.namespace),) if write.ref.name == NAME and write.before is not None else ()


class RootCAPublisher:
    """The key is a namespace."""

    name = "root-ca-certificate-publisher-controller"
    priority = 0
    watches = (Watch("Namespace", _namespace, "a namespace"), Watch("ConfigMap", _config_map, "its root CA was changed"))

    def __init__(self) -> None:
        self._data: Mapping[str, str] = {"ca.crt": ""}

    def start(self, view: View, _: Context) -> None:
        """Learn the cluster's certificate."""
        namespaces = ("kube-system", "default", *(n["metadata"]["name"] for n in view.objects("Namespace")))
        known = (view.get(Ref("ConfigMap", n, NAME)) for n in namespaces)
        self._data = next((k["data"] for k in known if k is not None and k.get("data")), self._data)

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Create the ConfigMap, or put back what somebody changed in it."""
        assert isinstance(key, Ref)
        if view.get(key) is None:
            return
        found = view.get(Ref("ConfigMap", key.name, NAME))
        if found is None:
            meta = {"name": NAME, "namespace": key.name, "annotations": {DESCRIPTION: _WORDS}}
            yield Create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": self._data}, because="namespace-without-root-ca")
        elif found.get("data") == self._data and annotations_of(found).get(DESCRIPTION):
            yield Noop("root-ca-is-there")
        else:
            notes = {**annotations_of(found), DESCRIPTION: _WORDS}
            changed = {**found, "metadata": {**found["metadata"], "annotations": notes}, "data": self._data}
            yield Update(changed, because="root-ca-was-changed")


CONTROLLER = RootCAPublisher
