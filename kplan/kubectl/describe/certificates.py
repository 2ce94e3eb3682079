"""CertificateSigningRequests, described.

Mirrors: staging/src/k8s.io/kubectl/pkg/describe/describe.go: describeCertificateSigningRequest (1.36)
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Iterable

from kplan.apiserver.rules.certificaterequests import alternative_names_of, subject_of
from kplan.kubectl.columns.base import human, labels_text
from kplan.kubectl.describe.paper import Paper
from kplan.kubectl.describe.parts import Case, events, instant, spec_of, status_of

_SUBJECT = (
    ("Organization", "2.5.4.10"),
    ("Organizational Unit", "2.5.4.11"),
    ("Country", "2.5.4.6"),
    ("Locality", "2.5.4.7"),
    ("Province", "2.5.4.8"),
    ("StreetAddress", "2.5.4.9"),
    ("PostalCode", "2.5.4.17"),
)
_COMMON_NAME, _SERIAL_NUMBER = "2.5.4.3", "2.5.4.5"
_ALTERNATIVES = (("DNS Names", "dns"), ("Email Addresses", "email"), ("URIs", "uri"), ("IP Addresses", "ip"))


def request(case: Case) -> None:
    """A CertificateSigningRequest: who asks for what, and whether it was granted."""
    paper, spec = case.paper, spec_of(case.object)
    paper.line(0, "Name", case.meta["name"])
    paper.line(0, "Labels", labels_text(case.meta.get("labels")))
    paper.line(0, "Annotations", labels_text(case.meta.get("annotations")))
    paper.line(0, "CreationTimestamp", instant(case.meta.get("creationTimestamp")))
    paper.line(0, "Requesting User", spec.get("username") or "")
    if spec.get("signerName"):
        paper.line(0, "Signer", spec["signerName"])
    if spec.get("expirationSeconds") is not None:
        paper.line(0, "Requested Duration", human(spec["expirationSeconds"]))
    paper.line(0, "Status", _state(case))
    pem = base64.b64decode(spec.get("request") or "")
    _subject(paper, subject_of(pem))
    names = alternative_names_of(pem)
    if names:
        paper.line(0, "Subject Alternative Names")
    for title, kind in _ALTERNATIVES:
        _several(paper, title, (_name(kind, content) for k, content in names if k == kind))
    events(case)


def _subject(paper: Paper, subject: dict[str, list[str]]) -> None:
    paper.line(0, "Subject")
    for title, kind in (("Common Name", _COMMON_NAME), ("Serial Number", _SERIAL_NUMBER)):
        paper.write(0, f"\t{title}:\t{subject.get(kind, [''])[-1]}\n")
    for title, kind in _SUBJECT:
        _several(paper, title, subject.get(kind, ()))


def _several(paper: Paper, title: str, values: Iterable[str]) -> None:
    every = list(values)
    if every:
        paper.write(0, f"\t{title}:\t" + "\n\t\t".join(every) + "\n")


def _name(kind: str, content: bytes) -> str:
    return str(ipaddress.ip_address(content)) if kind == "ip" else content.decode(errors="replace")


def _state(case: Case) -> str:
    status = status_of(case.object)
    said = {c.get("type") for c in status.get("conditions") or ()}
    words = ["Denied" if "Denied" in said else "Approved" if "Approved" in said else "Pending"]
    return ",".join([*words, *(["Failed"] if "Failed" in said else []), *(["Issued"] if status.get("certificate") else [])])


DESCRIBE = {"CertificateSigningRequest.certificates.k8s.io": request}
