"""What names, label keys and values, ports and numbers may look like; each rule answers with what is wrong, in the server's words.

An empty answer means the value is fine.  Lengths are counted in bytes, as Go counts them.

Mirrors: staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go, pkg/api/validate/content, pkg/api/validation/generic.go (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from kplan.apiserver.field import Errors, FieldPath, invalid, required

Messages = tuple[str, ...]
"""What is wrong with a value, one text a rule; empty where nothing is."""

NameRule = Callable[[str, bool], Messages]
"""A rule for metadata.name: (name, whether it is a prefix that will get a suffix)."""

_REMEMBERED = 8192

DNS1123_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
DNS1123_LABEL_UNDERSCORE = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
DNS1123_SUBDOMAIN = rf"{DNS1123_LABEL}(\.{DNS1123_LABEL})*"
DNS1123_SUBDOMAIN_UNDERSCORE = rf"{DNS1123_LABEL_UNDERSCORE}(\.{DNS1123_LABEL_UNDERSCORE})*"
DNS1035_LABEL = "[a-z]([-a-z0-9]*[a-z0-9])?"
LABEL_KEY = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
LABEL_VALUE = f"({LABEL_KEY})?"
C_IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*"
WILDCARD_SUBDOMAIN = rf"\*\.{DNS1123_SUBDOMAIN}"
CONFIG_MAP_KEY = "[-._a-zA-Z0-9]+"
ENV_VAR_NAME = "[-._a-zA-Z][-._a-zA-Z0-9]*"
HTTP_HEADER = "[-A-Za-z0-9]+"
HTTP_PATH = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"
PERCENT = "[0-9]+%"

MAX_LABEL, MAX_SUBDOMAIN, MAX_LABEL_VALUE = 63, 253, 63

_LABEL_SAID = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
_SUBDOMAIN_SAID = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
_SUBDOMAIN_UNDERSCORE_SAID = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character"
_DNS1035_SAID = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character"
_WILDCARD_SAID = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character"
_LABEL_KEY_SAID = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
_LABEL_VALUE_SAID = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
_C_IDENTIFIER_SAID = "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'"
_ENV_VAR_SAID = "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit"
_RELAXED_ENV_VAR_SAID = "a valid environment variable name must consist only of printable ASCII characters other than '='"
_CONFIG_MAP_KEY_SAID = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
_HTTP_HEADER_SAID = "a valid HTTP header must consist of alphanumeric characters or '-'"
_PERCENT_SAID = "a valid percent string must be a numeric string followed by an ending '%'"
_DECIMAL_SAID = "must be a valid decimal integer in canonical form"

EMPTY_SAID = "must be non-empty"


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def matches(pattern: str, value: str) -> bool:
    """Whether the whole value has the form of a Go regular expression written in ASCII."""
    return _compiled(pattern).fullmatch(value) is not None


def byte_length(value: str) -> int:
    """The length of a text as Go counts it."""
    return len(value) if value.isascii() else len(value.encode(errors="surrogatepass"))


def max_len_error(most: int) -> str:
    """The text for a name that is too long (names, DNS labels)."""
    return f"must be no more than {most} characters"


def max_bytes_error(most: int) -> str:
    """The text for a label key or value that is too long."""
    return f"must be no more than {most} bytes"


def range_error(low: int, high: int) -> str:
    """The text for a number out of range."""
    return f"must be between {low} and {high}, inclusive"


def regex_error(said: str, pattern: str, *examples: str) -> str:
    """The text for a value of the wrong form, with examples and the expression."""
    if not examples:
        return f"{said} (regex used for validation is '{pattern}')"
    shown = " or ".join(f"'{e}', " for e in examples)
    return f"{said} (e.g. {shown}regex used for validation is '{pattern}')"


@lru_cache(maxsize=_REMEMBERED)
def is_dns1123_label(value: str) -> Messages:
    """``my-name``: at most 63 lower-case letters, digits and dashes."""
    said = []
    if byte_length(value) > MAX_LABEL:
        said.append(max_len_error(MAX_LABEL))
    if not matches(DNS1123_LABEL, value):
        if matches(DNS1123_SUBDOMAIN, value):
            said.append("must not contain dots")
        else:
            said.append(regex_error(_LABEL_SAID, DNS1123_LABEL, "my-name", "123-abc"))
    return tuple(said)


@lru_cache(maxsize=_REMEMBERED)
def is_dns1123_subdomain(value: str) -> Messages:
    """``example.com``: at most 253 characters of dotted labels."""
    return _within(value, MAX_SUBDOMAIN, DNS1123_SUBDOMAIN, _SUBDOMAIN_SAID, "example.com")


@lru_cache(maxsize=_REMEMBERED)
def is_dns1123_subdomain_with_underscore(value: str) -> Messages:
    """As a subdomain, with underscores."""
    return _within(value, MAX_SUBDOMAIN, DNS1123_SUBDOMAIN_UNDERSCORE, _SUBDOMAIN_UNDERSCORE_SAID, "example.com")


@lru_cache(maxsize=_REMEMBERED)
def is_dns1035_label(value: str) -> Messages:
    """As a label, beginning with a letter."""
    return _within(value, MAX_LABEL, DNS1035_LABEL, _DNS1035_SAID, "my-name", "abc-123")


def is_wildcard_dns1123_subdomain(value: str) -> Messages:
    """``*.example.com``."""
    return _within(value, MAX_SUBDOMAIN, WILDCARD_SUBDOMAIN, _WILDCARD_SAID, "*.example.com")


def _within(value: str, most: int, pattern: str, said: str, *examples: str) -> Messages:
    found = []
    if byte_length(value) > most:
        found.append(max_len_error(most))
    if not matches(pattern, value):
        found.append(regex_error(said, pattern, *examples))
    return tuple(found)


@lru_cache(maxsize=_REMEMBERED)
def is_qualified_name(value: str) -> Messages:
    """A label key: ``name`` or ``example.com/name``; finalizers, conditions and resources are named so, too."""
    parts = value.split("/")
    said: list[str] = []
    if len(parts) > 2:
        form = regex_error(_LABEL_KEY_SAID, LABEL_KEY, "MyName", "my.name", "123-abc")
        return (f"a valid label key {form} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",)
    if len(parts) == 2:
        if not parts[0]:
            said.append(f"prefix part {EMPTY_SAID}")
        else:
            said.extend(f"prefix part {m}" for m in _content_subdomain(parts[0]))
    name = parts[-1]
    if not name:
        said.append(f"name part {EMPTY_SAID}")
    elif byte_length(name) > MAX_LABEL:
        said.append(f"name part {max_bytes_error(MAX_LABEL)}")
    if not matches(LABEL_KEY, name):
        said.append("name part " + regex_error(_LABEL_KEY_SAID, LABEL_KEY, "MyName", "my.name", "123-abc"))
    return tuple(said)


def _content_subdomain(value: str) -> list[str]:
    # The newer rule set counts "bytes" where the older one says "characters".
    return [max_bytes_error(MAX_SUBDOMAIN) if m == max_len_error(MAX_SUBDOMAIN) else m for m in is_dns1123_subdomain(value)]


@lru_cache(maxsize=_REMEMBERED)
def is_valid_label_value(value: str) -> Messages:
    """The value of a label: empty, or at most 63 letters, digits, dashes, underscores and dots."""
    said = []
    if byte_length(value) > MAX_LABEL_VALUE:
        said.append(max_bytes_error(MAX_LABEL_VALUE))
    if not matches(LABEL_VALUE, value):
        said.append(regex_error(_LABEL_VALUE_SAID, LABEL_VALUE, "MyValue", "my_value", "12345"))
    return tuple(said)


def is_c_identifier(value: str) -> Messages:
    """A name as in the C language."""
    if matches(C_IDENTIFIER, value):
        return ()
    return (regex_error(_C_IDENTIFIER_SAID, C_IDENTIFIER, "my_name", "MY_NAME", "MyName"),)


def is_in_range(value: int, low: int, high: int) -> Messages:
    """A number between two others."""
    return () if low <= value <= high else (range_error(low, high),)


def is_valid_port_num(port: int) -> Messages:
    """A port number."""
    return is_in_range(port, 1, 65535)


def is_valid_user_id(uid: int) -> Messages:
    """A user or group id: 0 to 2147483647."""
    return is_in_range(uid, 0, 2147483647)


def is_valid_port_name(port: str) -> Messages:
    """The name of a port: at most 15 lower-case letters, digits and dashes."""
    said = []
    if byte_length(port) > 15:
        said.append(max_len_error(15))
    if not matches("[-a-z0-9]+", port):
        said.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", port):
        said.append("must contain at least one letter (a-z)")
    if "--" in port:
        said.append("must not contain consecutive hyphens")
    if port and "-" in (port[0], port[-1]):
        said.append("must not begin or end with a hyphen")
    return tuple(said)


def is_valid_percent(value: str) -> Messages:
    """``25%``."""
    return () if matches(PERCENT, value) else (regex_error(_PERCENT_SAID, PERCENT, "1%", "93%"),)


def is_http_header_name(value: str) -> Messages:
    """The name of an HTTP header."""
    return () if matches(HTTP_HEADER, value) else (regex_error(_HTTP_HEADER_SAID, HTTP_HEADER, "X-Header-Name"),)


def is_env_var_name(value: str) -> Messages:
    """The name of an environment variable, by the rule before relaxed names."""
    said = []
    if not matches(ENV_VAR_NAME, value):
        said.append(regex_error(_ENV_VAR_SAID, ENV_VAR_NAME, "my.env-name", "MY_ENV.NAME", "MyEnvName1"))
    return (*said, *_has_dir_prefix(value))


def is_relaxed_env_var_name(value: str) -> Messages:
    """The name of an environment variable: printable ASCII without ``=``."""
    said = []
    if not value:
        said.append(f"environment variable name {EMPTY_SAID}")
    if any(not " " <= c <= "~" or c == "=" for c in value):
        said.append(_RELAXED_ENV_VAR_SAID)
    return tuple(said)


@lru_cache(maxsize=_REMEMBERED)
def is_config_map_key(value: str) -> Messages:
    """A key in the data of a ConfigMap or Secret."""
    said = []
    if byte_length(value) > MAX_SUBDOMAIN:
        said.append(max_len_error(MAX_SUBDOMAIN))
    if not matches(CONFIG_MAP_KEY, value):
        said.append(regex_error(_CONFIG_MAP_KEY_SAID, CONFIG_MAP_KEY, "key.name", "KEY_NAME", "key-name"))
    return (*said, *_has_dir_prefix(value))


def _has_dir_prefix(value: str) -> Messages:
    if value in (".", ".."):
        return (f"must not be '{value}'",)
    return ("must not start with '..'",) if value.startswith("..") else ()


def is_decimal_integer(value: str) -> Messages:
    """A whole number without plus sign or leading zeros."""
    if not value:
        return (EMPTY_SAID,)
    return () if matches("0|-?[1-9][0-9]*", value) else (_DECIMAL_SAID,)


def is_path_segment_prefix(value: str) -> Messages:
    """What a name may contain at least, whatever the kind: no slash, no percent sign."""
    return tuple(f"may not contain '{c}'" for c in "/%" if c in value)


def is_path_segment_name(value: str) -> Messages:
    """A name that can be part of a URL."""
    return (f"may not be '{value}'",) if value in (".", "..") else is_path_segment_prefix(value)


def _mask_trailing_dash(name: str) -> str:
    # Two characters make way for one "a": so it is in Kubernetes.
    return name[:-2] + "a" if len(name) > 1 and name.endswith("-") else name


def _prefixable(rule: Callable[[str], Messages]) -> NameRule:
    return lambda name, prefix: rule(_mask_trailing_dash(name) if prefix else name)


name_is_dns_subdomain: NameRule = _prefixable(is_dns1123_subdomain)
name_is_dns_label: NameRule = _prefixable(is_dns1123_label)
name_is_dns1035_label: NameRule = _prefixable(is_dns1035_label)


def name_is_long_name(name: str, prefix: bool) -> Messages:
    """A subdomain as declarative validation words it (it counts bytes)."""
    return tuple(_content_subdomain(name))


def name_is_path_segment(name: str, prefix: bool) -> Messages:
    """The rule for names of kinds that take any path segment (RBAC)."""
    return is_path_segment_prefix(name) if prefix else is_path_segment_name(name)


def each_invalid(path: FieldPath, value: object, messages: Iterable[str]) -> Errors:
    """An Invalid error for everything that is wrong with a value."""
    return (invalid(path, value, m) for m in messages)


def is_fully_qualified_name(path: FieldPath, name: str) -> Errors:
    """A subdomain of at least three segments."""
    if not name:
        yield required(path)
    elif said := is_dns1123_subdomain(name):
        yield invalid(path, name, ",".join(said))
    elif name.count(".") < 2:
        yield invalid(path, name, "should be a domain with at least three segments separated by dots")


def is_fully_qualified_domain_name(path: FieldPath, name: str) -> Errors:
    """A domain of at least two labels; a dot may end it."""
    if not name:
        yield required(path)
        return
    name = name.removesuffix(".")
    if said := is_dns1123_subdomain(name):
        yield invalid(path, name, ",".join(said))
        return
    if "." not in name:
        yield invalid(path, name, "should be a domain with at least two segments separated by dots")
        return
    for label in name.split("."):
        if said := is_dns1123_label(label):
            yield invalid(path, label, ",".join(said))
            return


def is_domain_prefixed_path(path: FieldPath, value: str) -> Errors:
    """``acme.io/foo``: a domain, a slash, a path."""
    if not value:
        yield required(path)
        return
    host, _, rest = value.partition("/")
    if not host or not rest:
        yield invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')
        return
    yield from each_invalid(path, host, is_dns1123_subdomain(host))
    if not matches(HTTP_PATH, rest):
        yield invalid(path, rest, regex_error("Invalid path", HTTP_PATH))


def is_domain_prefixed_key(path: FieldPath, key: str) -> Errors:
    """A label key that has a prefix."""
    if not key:
        yield required(path)
        return
    said = is_qualified_name(key)
    yield from each_invalid(path, key, said)
    if not said and "/" not in key:
        yield invalid(path, key, 'must be a domain-prefixed key (such as "acme.io/foo")')
