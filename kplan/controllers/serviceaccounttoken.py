"""Fills Secrets of type service-account-token, and deletes those whose account is gone.

Mirrors: pkg/controller/serviceaccount/tokens_controller.go (1.36)
Differs: a token is a placeholder; the CA is the one of the namespace's ConfigMap ``kube-root-ca.crt``.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

from kplan.engine.contract import Context, Delete, Key, Noop, Steps, Update, Watch
from kplan.model.objects import Object, Ref, annotations_of, get_in, name_of, ref_of, uid_of
from kplan.store.journal import Write
from kplan.store.view import View

TYPE = "kubernetes.io/service-account-token"
ACCOUNT_NAME, ACCOUNT_UID = "kubernetes.io/service-account.name", "kubernetes.io/service-account.uid"
_ROOT_CA = "kube-root-ca.crt"
_UNKNOWN_TOKEN = base64.b64encode(b"(known after apply)").decode()


def _is_token(secret: Object | None) -> bool:
    return secret is not None and secret.get("type") == TYPE


def _secret(write: Write, _: View) -> Iterable[Key]:
    return (write.ref,) if _is_token(write.before) or _is_token(write.after) else ()


def _tokens_of_deleted(write: Write, view: View) -> Iterable[Key]:
    """The tokens of an account that went."""
    before = write.before
    if write.after is not None or before is None:
        return ()
    return [ref_of(s) for s in view.objects("Secret", write.ref.namespace) if _is_token(s) and _belongs_to(s, before)]


def _belongs_to(secret: Object, account: Object) -> bool:
    notes = annotations_of(secret)
    return notes.get(ACCOUNT_NAME) == name_of(account) and (notes.get(ACCOUNT_UID) or uid_of(account)) == uid_of(account)


class ServiceAccountTokens:
    """The key is a Secret."""

    name = "serviceaccount-token-controller"
    priority = 0

    def __init__(self) -> None:
        self._accounts: dict[Ref, tuple[str, str]] = {}
        """(name, UID) of the account of every token, for when the token goes."""
        self.watches = (Watch("Secret", _secret, "a token"), Watch("ServiceAccount", _tokens_of_deleted, "the account of a token went"))

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Fill the token, or delete it; forget it at its account when it is gone."""
        assert isinstance(key, Ref)
        secret = view.get(key)
        if not _is_token(secret) or secret is None:
            yield from self._forget(key, view)
            return
        notes = annotations_of(secret)
        name, uid = notes.get(ACCOUNT_NAME, ""), notes.get(ACCOUNT_UID, "")
        self._accounts[key] = name, uid
        account = view.get(Ref("ServiceAccount", key.namespace, name))
        if account is None or (uid and uid != uid_of(account)):
            yield Delete(key, because="service-account-does-not-exist", uid=uid_of(secret))
            return
        data = _wanted(secret, view)
        if data == (secret.get("data") or {}):
            yield Noop("token-is-there")
            return
        meta = {**secret["metadata"], "annotations": {**notes, ACCOUNT_NAME: name_of(account), ACCOUNT_UID: uid_of(account)}}
        yield Update({**secret, "metadata": meta, "data": data}, because="token-is-missing")

    def _forget(self, key: Ref, view: View) -> Steps:
        name, uid = self._accounts.pop(key, ("", ""))
        account = view.get(Ref("ServiceAccount", key.namespace, name))
        if account is None or (uid and uid != uid_of(account)):
            return
        left = [s for s in account.get("secrets") or () if s.get("name") != key.name]
        if len(left) != len(account.get("secrets") or ()):
            rest = {k: v for k, v in account.items() if k != "secrets"}
            yield Update(rest | ({"secrets": left} if left else {}), because="token-is-gone")


def _wanted(secret: Object, view: View) -> dict[str, str]:
    data = {**(secret.get("data") or {})}
    namespace = secret["metadata"]["namespace"]
    certificate = get_in(view.get(Ref("ConfigMap", namespace, _ROOT_CA)), ("data", "ca.crt"))
    if certificate:
        data["ca.crt"] = base64.b64encode(certificate.encode()).decode()
    if not data.get("namespace"):
        data["namespace"] = base64.b64encode(namespace.encode()).decode()
    if not data.get("token"):
        data["token"] = _UNKNOWN_TOKEN
    return data


CONTROLLER = ServiceAccountTokens
