"""The masks over /proc stay, whoever root is.

Mirrors: k8s.io/pod-security-admission/policy/check_procMount_restricted.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.podsecurity.contract import Check, Revision
from kplan.apiserver.podsecurity.levels import RESTRICTED
from kplan.apiserver.podsecurity.procmounts import masked_proc

CHECK = Check("procMount_restricted", RESTRICTED, (Revision(35, masked_proc, ("procMount",)),))
