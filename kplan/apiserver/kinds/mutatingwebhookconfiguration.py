"""MutatingWebhookConfiguration.

Mirrors: pkg/registry/admissionregistration/mutatingwebhookconfiguration/strategy.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.rules.admissionwebhooks import webhook_configuration

STRATEGY = webhook_configuration("MutatingWebhookConfiguration", mutating=True)
