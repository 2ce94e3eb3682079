"""What ``kubectl describe`` says of each kind, in its layout.

A kind's description is in the module of its family, under its name with group; other kinds are described field by field.

Mirrors: staging/src/k8s.io/kubectl/pkg/describe/describe.go (1.36)
"""
