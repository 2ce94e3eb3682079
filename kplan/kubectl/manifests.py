"""From what files delivered to the objects a command works on.

Every kind is looked up before anything is applied, so a custom resource in the file of its definition is not found.

Mirrors: staging/src/k8s.io/cli-runtime/pkg/resource/{visitor,mapper}.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kplan.kubectl.client import Client
from kplan.kubectl.failure import AnyFailure, Failure, Failures
from kplan.kubectl.info import Info, text_in
from kplan.load.documents import Delivery, Document


def read_infos(deliveries: Iterable[Delivery], client: Client) -> list[Info | AnyFailure]:
    """The objects of all files in order, with errors where they occur."""
    return [item for delivery in deliveries for item in _of_file(delivery, client)]


def _of_file(delivery: Delivery, client: Client) -> Iterator[Info | AnyFailure]:
    remarks = list(delivery.remarks)
    of_list: list[Failure] = []
    for i, document in enumerate(delivery.documents):
        while remarks and remarks[0][0] <= i:
            yield Failure(remarks.pop(0)[1])
        if of_list and not (document.prefix and document.origin is delivery.documents[i - 1].origin):
            yield Failures(tuple(of_list))
            of_list = []
        found = _recognize(document, client)
        if isinstance(found, Failure) and document.prefix:
            of_list.append(found)
        else:
            yield found
    if of_list:
        yield Failures(tuple(of_list))
    yield from (Failure(text) for _, text in remarks)
    if delivery.failure:
        yield Failure(delivery.failure)


def _recognize(document: Document, client: Client) -> Info | Failure:
    obj = document.object
    api_version, kind = obj["apiVersion"], obj["kind"]
    info = client.resolve(api_version, kind)
    name, namespace = text_in(obj, "name"), text_in(obj, "namespace")
    if info is not None:
        return Info(info, namespace, name, obj, document.file)
    no_match = f'no matches for kind "{kind}" in version "{api_version}"'
    if document.prefix:
        return Failure(f"unable to recognize {no_match}")
    where = f'resource mapping not found for name: "{name}" namespace: "{namespace}" from "{document.file}"'
    return Failure(f"{where}: {no_match}\nensure CRDs are installed first")
