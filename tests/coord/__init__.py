"""Tests of hxtwin.coord."""
