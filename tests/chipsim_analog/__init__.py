"""Tests of the analog core."""
