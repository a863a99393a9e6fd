"""Tests of the twin; a package, so that test modules can share the client that speaks to it."""
