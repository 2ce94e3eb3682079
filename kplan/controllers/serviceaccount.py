"""Every active namespace has a ServiceAccount ``default``.

Mirrors: pkg/controller/serviceaccount/serviceaccounts_controller.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.engine.contract import Context, Create, Key, Noop, Steps, Watch, own_key
from kplan.model.objects import Ref, get_in
from kplan.store.journal import Write
from kplan.store.view import View

NAME = "default"


def _namespace_of_deleted(write: Write, _: View) -> Iterable[Key]:
    return (Ref("Namespace", "", write.ref.namespace),) if write.after is None and write.ref.name == NAME else ()


class ServiceAccounts:
    """The key is a namespace."""

    name = "serviceaccount-controller"
    priority = 0
    watches = (Watch("Namespace", own_key, "a namespace"), Watch("ServiceAccount", _namespace_of_deleted, "its default account went"))

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Create the account where it is missing."""
        assert isinstance(key, Ref)
        namespace = view.get(key)
        if namespace is None or get_in(namespace, ("status", "phase")) != "Active":
            yield Noop("namespace-is-not-active")
            return
        if view.get(Ref("ServiceAccount", key.name, NAME)) is None:
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": NAME, "namespace": key.name}}
            yield Create(account, because="namespace-without-default-account")


CONTROLLER = ServiceAccounts
