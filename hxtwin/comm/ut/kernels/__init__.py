"""Compiled kernels of the UT array path: pure functions of arrays, imported when the array path is first used."""
