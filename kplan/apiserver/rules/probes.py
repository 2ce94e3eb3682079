"""Probes and lifecycle hooks of containers.

Mirrors: pkg/apis/core/validation/validation.go (validateProbe, validateHandler, validateLifecycle) (1.36)
"""

from __future__ import annotations

from collections.abc import Callable

from kplan.apiserver.field import Errors, FieldPath, forbidden, invalid, not_supported, required
from kplan.apiserver.rules.metadata import validate_nonnegative
from kplan.apiserver.rules.names import each_invalid, is_http_header_name
from kplan.apiserver.rules.podoptions import PodOptions
from kplan.apiserver.rules.ports import validate_port_num_or_name
from kplan.model.objects import Object

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_NUMBERS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
_WINDOWS_SIGNALS = ("SIGKILL", "SIGTERM")
_LINUX_SIGNALS = frozenset(
    ["SIGABRT", "SIGALRM", "SIGBUS", "SIGCHLD", "SIGCLD", "SIGCONT", "SIGFPE", "SIGHUP", "SIGILL", "SIGINT", "SIGIO", "SIGIOT", "SIGKILL", "SIGPIPE", "SIGPOLL", "SIGPROF", "SIGPWR", "SIGQUIT", "SIGSEGV", "SIGSTKFLT", "SIGSTOP", "SIGSYS", "SIGTERM", "SIGTRAP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGUSR1", "SIGUSR2", "SIGVTALRM", "SIGWINCH", "SIGXCPU", "SIGXFSZ", "SIGRTMIN", "SIGRTMAX"]
) | {f"SIGRTMIN+{n}" for n in range(1, 16)} | {f"SIGRTMAX-{n}" for n in range(1, 15)}


def validate_probes(container: Object, path: FieldPath, grace: int | None, options: PodOptions) -> Errors:
    """The probes of a container."""
    for name in PROBES:
        probe = container.get(name)
        if probe is None:
            continue
        here = path.child(name)
        yield from _validate_probe(probe, here, grace, options)
        if name == "readinessProbe":
            seconds = probe.get("terminationGracePeriodSeconds")
            if seconds is not None:
                yield invalid(here.child("terminationGracePeriodSeconds"), seconds, "must not be set for readinessProbes")
        elif (probe.get("successThreshold") or 0) != 1:
            yield invalid(here.child("successThreshold"), probe.get("successThreshold") or 0, "must be 1")


def _validate_probe(probe: Object, path: FieldPath, grace: int | None, options: PodOptions) -> Errors:
    yield from _validate_handler(probe, ("exec", "httpGet", "tcpSocket", "grpc"), path, grace, options)
    for field in _NUMBERS:
        yield from validate_nonnegative(probe.get(field) or 0, path.child(field))
    seconds = probe.get("terminationGracePeriodSeconds")
    if seconds is not None and seconds <= 0:
        yield invalid(path.child("terminationGracePeriodSeconds"), seconds, "must be greater than 0")


def validate_lifecycle(lifecycle: Object, path: FieldPath, grace: int | None, options: PodOptions, os: Object | None) -> Errors:
    """lifecycle of a container."""
    for moment in ("postStart", "preStop"):
        if (handler := lifecycle.get(moment)) is not None:
            yield from _validate_handler(handler, ("exec", "httpGet", "tcpSocket", "sleep"), path.child(moment), grace, options)
    signal = lifecycle.get("stopSignal")
    if signal is None:
        return
    here = path.child("stopSignal")
    if os is None:
        yield forbidden(here, "may not be set for containers with empty `spec.os.name`")
    elif os.get("name") == "windows" and signal not in _WINDOWS_SIGNALS:
        yield not_supported(here, signal, _WINDOWS_SIGNALS)
    elif os.get("name") == "linux" and signal not in _LINUX_SIGNALS:
        yield not_supported(here, signal, _LINUX_SIGNALS)


def _validate_handler(
    handler: Object, kinds: tuple[str, ...], path: FieldPath, grace: int | None, options: PodOptions
) -> Errors:
    found = False
    for kind in kinds:
        action = handler.get(kind)
        if action is None:
            continue
        if found:
            yield forbidden(path.child(kind), "may not specify more than 1 handler type")
        elif kind == "sleep":
            yield from _validate_sleep(action, path.child(kind), grace, options)
        else:
            yield from _ACTIONS[kind](action, path.child(kind))
        found = True
    if not found:
        yield required(path, "must specify a handler type")


def _validate_exec(action: Object, path: FieldPath) -> Errors:
    if not action.get("command"):
        yield required(path.child("command"))


def _validate_http_get(action: Object, path: FieldPath) -> Errors:
    if not action.get("path"):
        yield required(path.child("path"))
    yield from _validate_port(action, path)
    scheme = action.get("scheme") or ""
    if scheme not in ("HTTP", "HTTPS"):
        yield not_supported(path.child("scheme"), scheme, ("HTTP", "HTTPS"))
    for header in action.get("httpHeaders") or ():
        name = header.get("name") or ""
        yield from each_invalid(path.child("httpHeaders"), name, is_http_header_name(name))


def _validate_port(action: Object, path: FieldPath) -> Errors:
    port = action.get("port")
    return validate_port_num_or_name(0 if port is None else port, path.child("port"))


_ACTIONS: dict[str, Callable[[Object, FieldPath], Errors]] = {
    "exec": _validate_exec,
    "httpGet": _validate_http_get,
    "tcpSocket": _validate_port,
    "grpc": _validate_port,
}


def _validate_sleep(action: Object, path: FieldPath, grace: int | None, options: PodOptions) -> Errors:
    seconds = action.get("seconds") or 0
    if grace is None:
        return
    if options.allow_sleep_zero:
        if not 0 <= seconds <= grace:
            yield invalid(path, seconds, f"must be non-negative and less than terminationGracePeriodSeconds ({grace})")
    elif not 0 < seconds <= grace:
        said = (
            f"must be greater than 0 and less than terminationGracePeriodSeconds ({grace}). "
            "Enable AllowPodLifecycleSleepActionZeroValue feature gate for zero sleep."
        )
        yield invalid(path, seconds, said)
