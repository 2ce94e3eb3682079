"""Admission policies: which requests they match, their parameters, and their expressions at work."""
