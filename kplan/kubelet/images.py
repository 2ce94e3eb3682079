"""Names of images: what kubelets can read of them, and why not.

Mirrors: pkg/util/parsers/parsers.go (ParseImageName), github.com/distribution/reference (ParseNormalizedNamed, Parse),
         github.com/opencontainers/go-digest (Validate) (1.36)
"""

from __future__ import annotations

import re

from kplan.model.gotext import go_quote

_ALGORITHMS = {"sha256": 64, "sha384": 96, "sha512": 128}
_MOST_CHARACTERS = 255
_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_PART}(?:\.{_PART})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*"
_PATH = rf"{_COMPONENT}(?:/{_COMPONENT})*"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(rf"(?:{_DOMAIN}/)?(?P<path>{_PATH})(?::[\w][\w.-]{{0,127}})?(?:@(?P<digest>{_DIGEST}))?", re.ASCII)
_IDENTIFIER = re.compile(r"[a-f0-9]{64}")
_DEFAULT_DOMAIN, _LEGACY_DOMAIN, _OFFICIAL = "docker.io", "index.docker.io", "library/"


def unreadable(image: str) -> str:
    """Why a kubelet cannot read the name of an image, in its words; "" where it can."""
    why = _misnamed(image)
    return f"couldn't parse image name {go_quote(image)}: {why}" if why else ""


def _misnamed(image: str) -> str:
    if _IDENTIFIER.fullmatch(image):
        return f"invalid repository name ({image}), cannot specify 64-byte hexadecimal strings"
    domain, rest = _split(image)
    remote = rest.partition(":")[0]
    if remote.lower() != remote:
        return f"invalid reference format: repository name ({remote}) must be lowercase"
    full = f"{domain}/{rest}"
    found = _REFERENCE.fullmatch(full)
    if found is None:
        return "repository name must be lowercase" if _REFERENCE.fullmatch(full.lower()) else "invalid reference format"
    if len(found["path"]) > _MOST_CHARACTERS:
        return f"repository name must not be more than {_MOST_CHARACTERS} characters"
    return _wrong_digest(found["digest"]) if found["digest"] else ""


def _split(image: str) -> tuple[str, str]:
    """The registry and the rest; short names are those of Docker Hub."""
    first, slash, rest = image.partition("/")
    if not slash:
        return _DEFAULT_DOMAIN, _OFFICIAL + image
    if first == _LEGACY_DOMAIN:
        first = _DEFAULT_DOMAIN
    elif first != "localhost" and not set(first) & set(".:") and first.lower() == first:
        first, rest = _DEFAULT_DOMAIN, image
    return first, _OFFICIAL + rest if first == _DEFAULT_DOMAIN and "/" not in rest else rest


def _wrong_digest(digest: str) -> str:
    algorithm, _, encoded = digest.partition(":")
    if algorithm not in _ALGORITHMS:
        return "unsupported digest algorithm"
    if len(encoded) != _ALGORITHMS[algorithm]:
        return "invalid checksum digest length"
    return "" if encoded.lower() == encoded else "invalid checksum digest format"
