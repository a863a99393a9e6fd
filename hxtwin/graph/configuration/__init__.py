"""Configuration: from a placed and routed network to a chip, and tables between neurons and labels."""

from __future__ import annotations

from hxtwin.graph.configuration.chip_configuration import configure
from hxtwin.graph.configuration.chip_reader import ChipReader, Deliveries
from hxtwin.graph.configuration.connection_check import check_connections
from hxtwin.graph.configuration.mapping import configured, place_and_route
from hxtwin.graph.configuration.recorded_columns import MADCSource, RecordedColumns
from hxtwin.graph.configuration.routed_instance import RoutedInstance
from hxtwin.graph.configuration.spike_labels import InputLabels, OutputLabels, SourceLabels

__all__ = [
    "ChipReader",
    "Deliveries",
    "InputLabels",
    "MADCSource",
    "OutputLabels",
    "RecordedColumns",
    "RoutedInstance",
    "SourceLabels",
    "check_connections",
    "configure",
    "configured",
    "place_and_route",
]
