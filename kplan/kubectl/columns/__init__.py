"""Which columns ``kubectl get`` shows of each kind.

A kind's table is in the module of its family, under its name with group; what has none shows its name and age.

Mirrors: pkg/printers/internalversion/printers.go (1.36)
"""
