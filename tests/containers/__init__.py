"""Tests of the containers layer; a package, so that test modules and the reading of the reference can share names."""
