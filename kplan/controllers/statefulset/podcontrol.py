"""Creating, mending and deleting a StatefulSet's pods together with their claims.

Mirrors: pkg/controller/statefulset/stateful_pod_control.go (1.36)
"""

from __future__ import annotations

from collections.abc import Generator

from kplan.apiserver.outcome import Outcome, Status
from kplan.controllers.ownership import SyncFailed
from kplan.controllers.statefulset.claims import (
    RETAIN,
    has_stale_owner,
    has_unexpected_controller,
    is_up_to_date,
    when_scaled,
    with_owners,
)
from kplan.controllers.statefulset.identity import (
    claim_name,
    claim_templates,
    identity_matches,
    new_claim,
    ordinal_of,
    storage_matches,
    with_identity,
    with_storage,
)
from kplan.engine.contract import Action, Create, Delete, Emit, Update
from kplan.model.objects import Object, Ref, is_deleting, name_of, namespace_of, ref_of
from kplan.store.view import View

Steps = Generator[Action, Outcome, None]


def claims_of(view: View, s: Object, pod: Object) -> list[tuple[str, Object | None]]:
    """(name, the claim where it exists) of every claim a pod's ordinal is to have."""
    names = [claim_name(s, t, ordinal_of(pod)) for t in claim_templates(s)]
    return [(n, view.get(Ref("PersistentVolumeClaim", namespace_of(s), n))) for n in names]


def claim_is_stale(view: View, s: Object, pod: Object) -> bool:
    """Whether a claim belongs to an earlier pod of that name and is about to go with it; the new pod must wait."""
    if when_scaled(s) == RETAIN:
        return False
    return any(c is not None and has_stale_owner(c, pod) for _, c in claims_of(view, s, pod))


def claims_match_policy(view: View, s: Object, pod: Object) -> bool:
    """Whether the owners of the pod's claims are as the retention policy wants them."""
    return all(c is None or is_up_to_date(c, s, pod) for _, c in claims_of(view, s, pod))


def create_pod(view: View, s: Object, pod: Object) -> Steps:
    """Create the claims that are missing, then the pod.

    Raises: SyncFailed.
    """
    try:
        yield from create_claims(view, s, pod)
    except SyncFailed as failure:
        yield _pod_event("create", s, pod, failure.error)
        raise
    outcome = yield Create(pod, because="missing-ordinal")
    if outcome.error is not None and outcome.error.reason == "AlreadyExists":
        raise SyncFailed(outcome.error)
    yield from update_claims_for_policy(view, s, pod)
    yield _pod_event("create", s, pod, outcome.error)
    if outcome.error is not None:
        raise SyncFailed(outcome.error)


def create_claims(view: View, s: Object, pod: Object) -> Steps:
    """Create the pod's missing claims.

    Raises: SyncFailed where one is refused or is being deleted.
    """
    errors = []
    for template, (name, claim) in zip(claim_templates(s), claims_of(view, s, pod), strict=True):
        if claim is None:
            outcome = yield Create(new_claim(s, template, ordinal_of(pod)), because="volume-claim-template")
            if outcome.error is not None:
                errors.append(f"failed to create PVC {name}: {outcome.error.message}")
            if outcome.error is None or outcome.error.reason != "AlreadyExists":
                yield _claim_event(s, pod, name, outcome.error)
        elif is_deleting(claim):
            errors.append(f"pvc {name} is being deleted")
    if errors:
        said = errors[0] if len(errors) == 1 else "[" + ", ".join(errors) + "]"
        raise SyncFailed(Status(409, "Conflict", said))


def update_claims_for_policy(view: View, s: Object, pod: Object) -> Steps:
    """Give the pod's claims the owners the retention policy wants.

    Raises: SyncFailed.
    """
    for name, claim in claims_of(view, s, pod):
        if claim is None:
            continue
        if has_unexpected_controller(claim, s, pod):
            said = f"PersistentVolumeClaim {name} has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim"
            yield Emit(ref_of(s), "ConflictingController", said, "Warning")
        if not is_up_to_date(claim, s, pod):
            outcome = yield Update(with_owners(claim, s, pod), because="claim-retention-policy")
            if outcome.error is not None:
                yield _pod_event("update", s, pod, outcome.error)
                raise SyncFailed(outcome.error)


def create_missing_claims(view: View, s: Object, pod: Object) -> Steps:
    """Create what claims a pending pod lacks.

    Raises: SyncFailed.
    """
    yield from create_claims(view, s, pod)
    yield from update_claims_for_policy(view, s, pod)


def update_pod(view: View, s: Object, pod: Object) -> Steps:
    """Bring identity, volumes and claim owners of a pod back to what they must be.

    Raises: SyncFailed.
    """
    changed, consistent = pod, True
    if not identity_matches(s, pod):
        changed, consistent = with_identity(s, changed), False
    if not storage_matches(s, pod):
        changed, consistent = with_storage(s, changed), False
        yield from create_claims(view, s, pod)
    if not claims_match_policy(view, s, pod):
        yield from update_claims_for_policy(view, s, pod)
        consistent = False
    if consistent:
        return
    outcome = yield Update(changed, because="identity")
    yield _pod_event("update", s, pod, outcome.error)
    if outcome.error is not None:
        raise SyncFailed(outcome.error)


def delete_pod(s: Object, pod: Object, because: str) -> Steps:
    """Delete a pod; one that is gone already is as good.

    Raises: SyncFailed.
    """
    outcome = yield Delete(ref_of(pod), because=because)
    error = outcome.error if outcome.error is not None and outcome.error.code != 404 else None
    yield _pod_event("delete", s, pod, error)
    if error is not None:
        raise SyncFailed(error)


def _pod_event(verb: str, s: Object, pod: Object, error: Status | None) -> Emit:
    title = verb.capitalize()
    if error is None:
        said = f"{title} Pod {name_of(pod)} in StatefulSet {name_of(s)} successful"
        return Emit(ref_of(s), f"Successful{title}", said)
    said = f"{title} Pod {name_of(pod)} in StatefulSet {name_of(s)} failed error: {error.message}"
    return Emit(ref_of(s), f"Failed{title}", said, "Warning")


def _claim_event(s: Object, pod: Object, claim: str, error: Status | None) -> Emit:
    if error is None:
        return Emit(ref_of(s), "SuccessfulCreate", f"Create Claim {claim} Pod {name_of(pod)} in StatefulSet {name_of(s)} success")
    said = f"Create Claim {claim} for Pod {name_of(pod)} in StatefulSet {name_of(s)} failed error: {error.message}"
    return Emit(ref_of(s), "FailedCreate", said, "Warning")
