"""Calibration: routines, search algorithms, results and their cache; what makes analog circuits agree.

May import runtime, containers and coord. This layer has no content yet.
"""
