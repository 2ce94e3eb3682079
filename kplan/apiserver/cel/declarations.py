"""What functions there are: their overloads, as text, one a line: ``id [target::]name(arguments) -> result``.

Mirrors: github.com/google/cel-go/common/stdlib/standard.go, cel/library.go (optionals), ext/{strings,lists,sets,comprehensions}.go (0.26),
         staging/src/k8s.io/apiserver/pkg/cel/library/*.go (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from kplan.apiserver.cel.types import Type, list_of, read_type, split_types

_LINE = re.compile(r"(?P<id>\S+) (?:(?P<target>.+?)::)?(?P<name>[^\s(]+)\((?P<args>.*)\) -> (?P<result>.+)")


@dataclass(frozen=True, slots=True)
class Overload:
    """One overload; the target of a member function is its first argument."""

    id: str
    member: bool
    args: tuple[Type, ...]
    result: Type
    params: tuple[str, ...]
    """The type parameters it mentions."""


Functions = dict[str, tuple[Overload, ...]]


def _ordered() -> str:
    lines = []
    comparable = (("bool", "bool"), ("int64", "int"), ("uint64", "uint"), ("double", "double"), ("string", "string"))
    mixed = [("int64", "int", "double"), ("int64", "int", "uint64"), ("uint64", "uint", "double")]
    mixed += [("uint64", "uint", "int64"), ("double", "double", "int64"), ("double", "double", "uint64")]
    cel = {"int64": "int", "uint64": "uint", "double": "double"}
    for word, operator in (("less", "_<_"), ("less_equals", "_<=_"), ("greater", "_>_"), ("greater_equals", "_>=_")):
        for name, kind in (*comparable, ("bytes", "bytes"), ("timestamp", "timestamp"), ("duration", "duration")):
            lines.append(f"{word}_{name} {operator}({kind}, {kind}) -> bool")
        for name, kind, other in mixed:
            lines.append(f"{word}_{name}_{other} {operator}({kind}, {cel[other]}) -> bool")
    return "\n".join(lines)


STANDARD = (
    """
conditional _?_:_(bool, A, A) -> A
logical_and _&&_(bool, bool) -> bool
logical_or _||_(bool, bool) -> bool
logical_not !_(bool) -> bool
not_strictly_false @not_strictly_false(bool) -> bool
equals _==_(A, A) -> bool
not_equals _!=_(A, A) -> bool
add_bytes _+_(bytes, bytes) -> bytes
add_double _+_(double, double) -> double
add_duration_duration _+_(duration, duration) -> duration
add_duration_timestamp _+_(duration, timestamp) -> timestamp
add_timestamp_duration _+_(timestamp, duration) -> timestamp
add_int64 _+_(int, int) -> int
add_list _+_(list(A), list(A)) -> list(A)
add_string _+_(string, string) -> string
add_uint64 _+_(uint, uint) -> uint
divide_double _/_(double, double) -> double
divide_int64 _/_(int, int) -> int
divide_uint64 _/_(uint, uint) -> uint
modulo_int64 _%_(int, int) -> int
modulo_uint64 _%_(uint, uint) -> uint
multiply_double _*_(double, double) -> double
multiply_int64 _*_(int, int) -> int
multiply_uint64 _*_(uint, uint) -> uint
negate_double -_(double) -> double
negate_int64 -_(int) -> int
subtract_double _-_(double, double) -> double
subtract_duration_duration _-_(duration, duration) -> duration
subtract_int64 _-_(int, int) -> int
subtract_timestamp_duration _-_(timestamp, duration) -> timestamp
subtract_timestamp_timestamp _-_(timestamp, timestamp) -> duration
subtract_uint64 _-_(uint, uint) -> uint
index_list _[_](list(A), int) -> A
index_map _[_](map(A, B), A) -> B
optional_list_index_int _[_](optional_type(list(V)), int) -> optional_type(V)
optional_map_index_value _[_](optional_type(map(K, V)), K) -> optional_type(V)
in_list @in(A, list(A)) -> bool
in_map @in(A, map(A, B)) -> bool
size_bytes size(bytes) -> int
bytes_size bytes::size() -> int
size_list size(list(A)) -> int
list_size list(A)::size() -> int
size_map size(map(A, B)) -> int
map_size map(A, B)::size() -> int
size_string size(string) -> int
string_size string::size() -> int
type type(A) -> type(A)
bool_to_bool bool(bool) -> bool
string_to_bool bool(string) -> bool
bytes_to_bytes bytes(bytes) -> bytes
string_to_bytes bytes(string) -> bytes
double_to_double double(double) -> double
int64_to_double double(int) -> double
string_to_double double(string) -> double
uint64_to_double double(uint) -> double
duration_to_duration duration(duration) -> duration
int64_to_duration duration(int) -> duration
string_to_duration duration(string) -> duration
to_dyn dyn(A) -> dyn
int64_to_int64 int(int) -> int
double_to_int64 int(double) -> int
duration_to_int64 int(duration) -> int
string_to_int64 int(string) -> int
timestamp_to_int64 int(timestamp) -> int
uint64_to_int64 int(uint) -> int
string_to_string string(string) -> string
bool_to_string string(bool) -> string
bytes_to_string string(bytes) -> string
double_to_string string(double) -> string
duration_to_string string(duration) -> string
int64_to_string string(int) -> string
timestamp_to_string string(timestamp) -> string
uint64_to_string string(uint) -> string
timestamp_to_timestamp timestamp(timestamp) -> timestamp
int64_to_timestamp timestamp(int) -> timestamp
string_to_timestamp timestamp(string) -> timestamp
uint64_to_uint64 uint(uint) -> uint
double_to_uint64 uint(double) -> uint
int64_to_uint64 uint(int) -> uint
string_to_uint64 uint(string) -> uint
contains_string string::contains(string) -> bool
ends_with_string string::endsWith(string) -> bool
starts_with_string string::startsWith(string) -> bool
matches matches(string, string) -> bool
matches_string string::matches(string) -> bool
"""
    + "\n".join(
        f"timestamp_to_{word} timestamp::{name}() -> int\ntimestamp_to_{word}_with_tz timestamp::{name}(string) -> int"
        for name, word in (
            ("getFullYear", "year"),
            ("getMonth", "month"),
            ("getDayOfYear", "day_of_year"),
            ("getDayOfMonth", "day_of_month"),
            ("getDate", "day_of_month_1_based"),
            ("getDayOfWeek", "day_of_week"),
            ("getHours", "hours"),
            ("getMinutes", "minutes"),
            ("getSeconds", "seconds"),
            ("getMilliseconds", "milliseconds"),
        )
    )
    + "\n"
    + "\n".join(
        f"duration_to_{name.lower()} duration::get{name}() -> int" for name in ("Hours", "Minutes", "Seconds", "Milliseconds")
    )
    + "\n"
    + _ordered()
)

OPTIONALS = """
optional_of optional.of(V) -> optional_type(V)
optional_ofNonZeroValue optional.ofNonZeroValue(V) -> optional_type(V)
optional_none optional.none() -> optional_type(V)
optional_value optional_type(V)::value() -> V
optional_hasValue optional_type(V)::hasValue() -> bool
optional_or_optional optional_type(V)::or(optional_type(V)) -> optional_type(V)
optional_orValue_value optional_type(V)::orValue(V) -> V
select_optional_field _?._(dyn, string) -> optional_type(V)
list_optindex_optional_int _[?_](list(V), int) -> optional_type(V)
optional_list_optindex_optional_int _[?_](optional_type(list(V)), int) -> optional_type(V)
map_optindex_optional_value _[?_](map(K, V), K) -> optional_type(V)
optional_map_optindex_optional_value _[?_](optional_type(map(K, V)), K) -> optional_type(V)
list_last list(V)::last() -> optional_type(V)
list_first list(V)::first() -> optional_type(V)
optional_unwrap optional.unwrap(list(optional_type(V))) -> list(V)
optional_unwrapOpt list(optional_type(V))::unwrapOpt() -> list(V)
"""

STRINGS = """
string_char_at_int string::charAt(int) -> string
string_index_of_string string::indexOf(string) -> int
string_index_of_string_int string::indexOf(string, int) -> int
string_last_index_of_string string::lastIndexOf(string) -> int
string_last_index_of_string_int string::lastIndexOf(string, int) -> int
string_lower_ascii string::lowerAscii() -> string
string_replace_string_string string::replace(string, string) -> string
string_replace_string_string_int string::replace(string, string, int) -> string
string_split_string string::split(string) -> list(string)
string_split_string_int string::split(string, int) -> list(string)
string_substring_int string::substring(int) -> string
string_substring_int_int string::substring(int, int) -> string
string_trim string::trim() -> string
string_upper_ascii string::upperAscii() -> string
string_format string::format(list(dyn)) -> string
strings_quote strings.quote(string) -> string
list_join list(string)::join() -> string
list_join_string list(string)::join(string) -> string
"""

_COMPARABLE = ("int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes")
_SUMMABLE = ("int", "uint", "double", "duration")


def _type_name(kind: str) -> str:
    return f"google.protobuf.{kind.capitalize()}" if kind in ("duration", "timestamp") else kind


LISTS = (
    "\n".join(
        f"list_{k}_is_sorted_bool list({k})::isSorted() -> bool\n"
        f"list_{k}_max_{k} list({k})::max() -> {k}\nlist_{k}_min_{k} list({k})::min() -> {k}\n"
        f"list_{_type_name(k)}_sort list({k})::sort() -> list({k})\n"
        f"list_{_type_name(k)}_sortByAssociatedKeys list(T)::@sortByAssociatedKeys(list({k})) -> list(T)"
        for k in _COMPARABLE
    )
    + "\n"
    + "\n".join(f"list_{k}_sum_{k} list({k})::sum() -> {k}" for k in _SUMMABLE)
    + """
list_a_index_of_int list(A)::indexOf(A) -> int
list_a_last_index_of_int list(A)::lastIndexOf(A) -> int
list_slice list(T)::slice(int, int) -> list(T)
list_flatten list(list(T))::flatten() -> list(T)
list_flatten_int list(dyn)::flatten(int) -> list(dyn)
lists_range lists.range(int) -> list(int)
list_reverse list(T)::reverse() -> list(T)
list_distinct list(T)::distinct() -> list(T)
list_sets_contains_list sets.contains(list(T), list(T)) -> bool
list_sets_equivalent_list sets.equivalent(list(T), list(T)) -> bool
list_sets_intersects_list sets.intersects(list(T), list(T)) -> bool
@mapInsert_map_key_value cel.@mapInsert(map(K, V), K, V) -> map(K, V)
@mapInsert_map_map cel.@mapInsert(map(K, V), map(K, V)) -> map(K, V)
"""
)

KUBERNETES = """
string_find_string string::find(string) -> string
string_find_all_string string::findAll(string) -> list(string)
string_find_all_string_int string::findAll(string, int) -> list(string)
string_to_url url(string) -> kubernetes.URL
url_get_scheme kubernetes.URL::getScheme() -> string
url_get_host kubernetes.URL::getHost() -> string
url_get_hostname kubernetes.URL::getHostname() -> string
url_get_port kubernetes.URL::getPort() -> string
url_get_escaped_path kubernetes.URL::getEscapedPath() -> string
url_get_query kubernetes.URL::getQuery() -> map(string, list(string))
is_url_string isURL(string) -> bool
string_to_quantity quantity(string) -> kubernetes.Quantity
is_quantity_string isQuantity(string) -> bool
quantity_sign sign(kubernetes.Quantity) -> int
quantity_is_greater_than kubernetes.Quantity::isGreaterThan(kubernetes.Quantity) -> bool
quantity_is_less_than kubernetes.Quantity::isLessThan(kubernetes.Quantity) -> bool
quantity_compare_to kubernetes.Quantity::compareTo(kubernetes.Quantity) -> int
quantity_get_float kubernetes.Quantity::asApproximateFloat() -> double
quantity_get_int kubernetes.Quantity::asInteger() -> int
quantity_is_integer kubernetes.Quantity::isInteger() -> bool
quantity_add kubernetes.Quantity::add(kubernetes.Quantity) -> kubernetes.Quantity
quantity_add_int kubernetes.Quantity::add(int) -> kubernetes.Quantity
quantity_sub kubernetes.Quantity::sub(kubernetes.Quantity) -> kubernetes.Quantity
quantity_sub_int kubernetes.Quantity::sub(int) -> kubernetes.Quantity
string_to_ip ip(string) -> net.IP
ip_family net.IP::family() -> int
ip_is_canonical ip.isCanonical(string) -> bool
ip_is_unspecified net.IP::isUnspecified() -> bool
ip_is_loopback net.IP::isLoopback() -> bool
ip_is_link_local_multicast net.IP::isLinkLocalMulticast() -> bool
ip_is_link_local_unicast net.IP::isLinkLocalUnicast() -> bool
ip_is_global_unicast net.IP::isGlobalUnicast() -> bool
is_ip isIP(string) -> bool
ip_to_string string(net.IP) -> string
string_to_cidr cidr(string) -> net.CIDR
cidr_contains_ip_string net.CIDR::containsIP(string) -> bool
cidr_contains_ip_ip net.CIDR::containsIP(net.IP) -> bool
cidr_contains_cidr_string net.CIDR::containsCIDR(string) -> bool
cidr_contains_cidr net.CIDR::containsCIDR(net.CIDR) -> bool
cidr_ip net.CIDR::ip() -> net.IP
cidr_prefix_length net.CIDR::prefixLength() -> int
cidr_masked net.CIDR::masked() -> net.CIDR
is_cidr isCIDR(string) -> bool
cidr_to_string string(net.CIDR) -> string
format-validate kubernetes.NamedFormat::validate(string) -> optional_type(list(string))
format-named format.named(string) -> optional_type(kubernetes.NamedFormat)
string_to_semver semver(string) -> kubernetes.Semver
string_bool_to_semver semver(string, bool) -> kubernetes.Semver
is_semver_string isSemver(string) -> bool
is_semver_string_bool isSemver(string, bool) -> bool
semver_is_greater_than kubernetes.Semver::isGreaterThan(kubernetes.Semver) -> bool
semver_is_less_than kubernetes.Semver::isLessThan(kubernetes.Semver) -> bool
semver_compare_to kubernetes.Semver::compareTo(kubernetes.Semver) -> int
semver_major kubernetes.Semver::major() -> int
semver_minor kubernetes.Semver::minor() -> int
semver_patch kubernetes.Semver::patch() -> int
"""

_FORMATS = ["dns1123Label", "dns1123Subdomain", "dns1035Label", "qualifiedName", "dns1123LabelPrefix"]
_FORMATS += ["dns1123SubdomainPrefix", "dns1035LabelPrefix", "labelValue", "uri", "uuid", "byte", "date", "datetime"]
FORMATS = "\n".join(f"format.{name} format.{name}() -> kubernetes.NamedFormat" for name in _FORMATS)

AUTHORIZATION = """
authorizer_path kubernetes.authorization.Authorizer::path(string) -> kubernetes.authorization.PathCheck
authorizer_group kubernetes.authorization.Authorizer::group(string) -> kubernetes.authorization.GroupCheck
authorizer_serviceaccount kubernetes.authorization.Authorizer::serviceAccount(string, string) -> kubernetes.authorization.Authorizer
groupcheck_resource kubernetes.authorization.GroupCheck::resource(string) -> kubernetes.authorization.ResourceCheck
resourcecheck_subresource kubernetes.authorization.ResourceCheck::subresource(string) -> kubernetes.authorization.ResourceCheck
resourcecheck_namespace kubernetes.authorization.ResourceCheck::namespace(string) -> kubernetes.authorization.ResourceCheck
resourcecheck_name kubernetes.authorization.ResourceCheck::name(string) -> kubernetes.authorization.ResourceCheck
pathcheck_check kubernetes.authorization.PathCheck::check(string) -> kubernetes.authorization.Decision
resourcecheck_check kubernetes.authorization.ResourceCheck::check(string) -> kubernetes.authorization.Decision
decision_errored kubernetes.authorization.Decision::errored() -> bool
decision_error kubernetes.authorization.Decision::error() -> string
decision_allowed kubernetes.authorization.Decision::allowed() -> bool
decision_reason kubernetes.authorization.Decision::reason() -> string
authorizer_fieldselector kubernetes.authorization.ResourceCheck::fieldSelector(string) -> kubernetes.authorization.ResourceCheck
authorizer_labelselector kubernetes.authorization.ResourceCheck::labelSelector(string) -> kubernetes.authorization.ResourceCheck
"""

JSON_PATCH = "string_jsonpatch_escapeKey_string jsonpatch.escapeKey(string) -> string"


@cache
def functions(*extra: str) -> Functions:
    """All functions of the base environment, and those of more texts."""
    found: dict[str, list[Overload]] = {}
    for text in (STANDARD, OPTIONALS, STRINGS, LISTS, KUBERNETES, FORMATS, AUTHORIZATION, *extra):
        for name, overload in read_overloads(text.splitlines()):
            found.setdefault(name, []).append(overload)
    return {name: tuple(overloads) for name, overloads in found.items()}


def read_overloads(lines: Iterable[str]) -> Iterable[tuple[str, Overload]]:
    """The overloads a text declares, with the names of their functions."""
    for line in filter(None, map(str.strip, lines)):
        match = _LINE.fullmatch(line)
        assert match is not None, line
        args = [read_type(a) for a in split_types(match["args"])]
        if match["target"]:
            args.insert(0, read_type(match["target"]))
        result = read_type(match["result"])
        params = sorted({p for t in (*args, result) for p in _params(t)})
        yield match["name"], Overload(match["id"], bool(match["target"]), tuple(args), result, tuple(params))


def _params(t: Type) -> Iterable[str]:
    if t.kind == "param":
        yield t.name
    for inner in t.params:
        yield from _params(inner)


_TYPE_IDENTS = ("bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint")


@cache
def type_idents() -> dict[str, Type]:
    """The identifiers that name types (``int``, ``google.protobuf.Timestamp``), with those types."""
    found = {name: read_type(name) for name in _TYPE_IDENTS if name not in ("list", "map", "type")}
    dyn = read_type("dyn")
    found |= {"list": list_of(dyn), "map": Type("map", "map", (dyn, dyn)), "type": Type("type", "type", (dyn,))}
    found |= {"google.protobuf.Timestamp": Type("timestamp"), "google.protobuf.Duration": Type("duration")}
    found |= {"optional_type": Type("opaque", "optional_type", (dyn,)), "net.IP": Type("opaque", "net.IP")}
    found |= {"net.CIDR": Type("opaque", "net.CIDR")}
    return found
