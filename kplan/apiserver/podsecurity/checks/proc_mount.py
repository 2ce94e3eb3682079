"""The masks over /proc stay, unless root in the pod is nobody on the node.

Mirrors: k8s.io/pod-security-admission/policy/check_procMount_baseline.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.podsecurity.contract import Check, Revision, has_own_users, unless
from kplan.apiserver.podsecurity.levels import BASELINE
from kplan.apiserver.podsecurity.procmounts import masked_proc

CHECK = Check("procMount", BASELINE, (Revision(0, masked_proc), Revision(35, unless(has_own_users, masked_proc))))
