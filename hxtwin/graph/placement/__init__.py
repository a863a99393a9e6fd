"""Placement: logical neurons to neuron circuits."""

from __future__ import annotations

from hxtwin.graph.placement.placement import PlacedPopulation, Placement, ShapeGeometry
from hxtwin.graph.placement.placer import Strategy, place

__all__ = ["PlacedPopulation", "Placement", "ShapeGeometry", "Strategy", "place"]
