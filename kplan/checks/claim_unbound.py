"""A claim gets no volume, or loses the one it had: none fits, the one it names does not, nobody provisions."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.checks.contract import Check, Finding, Subject, root_of
from kplan.model.diagnostics import Severity
from kplan.model.objects import Object, Path, Ref, annotations_of, get_in, ref_of
from kplan.store.view import View

_CLAIM, _CLASS = "PersistentVolumeClaim", "StorageClass.storage.k8s.io"
_REASONS = ("FailedBinding", "VolumeMismatch", "ProvisioningFailed", "ClaimLost", "ClaimMisbound")
_HINTS = {
    "VolumeMismatch": 'let claim and volume agree; a claim that wants no class says storageClassName: ""',
    "ProvisioningFailed": "see to the class and its provisioner, or make a volume of that class by hand",
    "FailedBinding": "name a storage class, or make a volume that fits",
}
_OLD_CLASS = "volume.beta.kubernetes.io/storage-class"


def run(subject: Subject) -> Iterator[Finding]:
    """Every claim that is new or other than before, with the last that was said of it; alike ones are told of once, where they are asked for."""
    last = {e.ref: e for e in subject.plan.events if e.ref.kind == _CLAIM}
    said: dict[tuple[Ref | None, Path, str], list[Ref]] = {}
    for claim in subject.view.objects(_CLAIM):
        ref = ref_of(claim)
        phase = get_in(claim, ("status", "phase"))
        if phase == "Bound" or subject.before.get(ref) is claim or ref not in last or last[ref].reason not in _REASONS:
            continue
        if not _is_known_otherwise(subject, ref, claim):
            words = f"{'is lost' if phase == 'Lost' else f'stays {phase}'}: {last[ref].message}"
            said.setdefault((*_asked_for(subject.view, claim), words), []).append(ref)
    for (owner, path, words), refs in said.items():
        whose = f"{refs[0]} " if owner is not None else ""
        more = f" (so {'does' if len(refs) == 2 else 'do'} {len(refs) - 1} more)" if refs[1:] else ""
        yield Finding(owner or refs[0], f"{whose}{words}{more}", _HINTS.get(last[refs[0]].reason, ""), path)


def _asked_for(view: View, claim: Object) -> tuple[Ref | None, Path]:
    """Who asks for a claim that nobody wrote, and where: a StatefulSet in a template of its own, or who owns the pod it was made for."""
    ref, root = ref_of(claim), root_of(view, claim)
    for owner in view.objects("StatefulSet.apps", ref.namespace):
        for i, template in enumerate(get_in(owner, ("spec", "volumeClaimTemplates")) or ()):
            before, _, ordinal = claim["metadata"]["name"].rpartition("-")
            if ordinal.isdigit() and before == f"{template['metadata']['name']}-{owner['metadata']['name']}":
                return ref_of(owner), ("spec", "volumeClaimTemplates", i, "spec")
    return (root, ()) if root != ref else (None, ())


def _is_known_otherwise(subject: Subject, ref: Ref, claim: Object) -> bool:
    """The user names a class that does not exist, which is another check's finding; or the cluster was given without its storage."""
    name = annotations_of(claim).get(_OLD_CLASS, get_in(claim, ("spec", "storageClassName")))
    if name:
        return subject.view.get(Ref(_CLASS, "", name)) is None and any(c.ref == ref for c in subject.plan.changes)
    named = get_in(claim, ("spec", "volumeName"))
    return not named and not subject.view.objects(_CLASS) and not subject.view.objects("PersistentVolume")


CHECK = Check("KP604", "a claim without a volume", Severity.WARNING, run)
