"""Image names, as far as the API server reads them: it wants the tag.

Mirrors: pkg/util/parsers/parsers.go, github.com/distribution/reference (1.36)
"""

from __future__ import annotations

import re
from functools import lru_cache

_ALNUM = "[a-z0-9]+"
_SEPARATOR = "(?:[._]|__|[-]+)"
_PATH = f"{_ALNUM}(?:{_SEPARATOR}{_ALNUM})*"
_DOMAIN_PART = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_DOMAIN_PART}(?:\.{_DOMAIN_PART})*|\[(?:[a-fA-F0-9:]+)\])(?::[0-9]+)?"
_TAG = r"[\w][\w.-]{0,127}"
_DIGEST = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(
    rf"(?P<name>(?:(?P<domain>{_DOMAIN})/)?(?P<path>{_PATH}(?:/{_PATH})*))(?::(?P<tag>{_TAG}))?(?:@(?P<digest>{_DIGEST}))?", re.ASCII
)
_IDENTIFIER = re.compile("[a-f0-9]{64}")
_DIGEST_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
_MOST_NAME = 255


@lru_cache(maxsize=8192)
def image_tag(image: str) -> str:
    """The tag of an image: ``latest`` where it has neither tag nor digest, "" where it has a digest or is no image name."""
    if _IDENTIFIER.fullmatch(image):
        return ""
    domain, remote = _split_domain(image)
    name = remote.partition(":")[0]
    if name != name.lower():
        return ""
    match = _REFERENCE.fullmatch(f"{domain}/{remote}")
    if match is None or len(match["path"]) > _MOST_NAME or not _is_digest(match["digest"]):
        return ""
    return match["tag"] or ("" if match["digest"] else "latest")


def _split_domain(image: str) -> tuple[str, str]:
    """The registry and the rest, the registry and ``library/`` of Docker Hub filled in."""
    domain, slash, remote = image.partition("/")
    if not slash or not ("." in domain or ":" in domain or domain == "localhost" or domain != domain.lower()):
        domain, remote = "docker.io", image
    if domain == "index.docker.io":
        domain = "docker.io"
    if domain == "docker.io" and "/" not in remote:
        remote = f"library/{remote}"
    return domain, remote


def _is_digest(digest: str | None) -> bool:
    if digest is None:
        return True
    algorithm, _, text = digest.partition(":")
    return _DIGEST_LENGTHS.get(algorithm) == len(text) and text == text.lower()
