"""Front ends: torch, PyNN, NIR; what a modeller says.

May import graph, calib, runtime, containers and coord. This layer has no content yet.
"""
