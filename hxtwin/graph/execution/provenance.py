"""Provenance: a small record of what ran where, to be printed and kept with the results."""

from __future__ import annotations

import hashlib
import json
import platform
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import attrs
import numpy as np

from hxtwin._version import __version__
from hxtwin.graph.network import to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hxtwin.graph.configuration.routed_instance import RoutedInstance
    from hxtwin.graph.execution.conductor import InstanceOutcome
    from hxtwin.graph.execution.device import Device
    from hxtwin.graph.execution.problem import Problem
    from hxtwin.graph.network import Network

_DIGEST_BYTES = 16


@attrs.frozen(kw_only=True)
class ChipProvenance:
    """A chip that took part.

    Attributes:
        endpoint: address of its connection.
        identifier: unique name of the set-up.
        bitfile: version of the bitfile of its FPGA.
    """

    endpoint: str
    identifier: str
    bitfile: int


@attrs.frozen(kw_only=True)
class InstanceProvenance:
    """An execution instance.

    Attributes:
        instance: its number.
        chip: position of its chip in `Provenance.chips`.
        configuration: digest of the words of its chip, hexadecimal.
        words_written: words of the static configuration that had to be written.
        programs: number of playback programs with batch entries.
        passes: how often the batch was run.
        populations: name and number of neurons of each population in it.
    """

    instance: int
    chip: int
    configuration: str
    words_written: int
    programs: int
    passes: int
    populations: tuple[tuple[str, int], ...]


@attrs.frozen(kw_only=True)
class Provenance:
    """Record of a run.

    Attributes:
        time: begin of the run, ISO 8601, UTC.
        versions: name and version of the software.
        network: digest of the network, hexadecimal.
        seed: seed that the caller names for placement, inputs or weights; None: none is named.
        entries: number of batch entries.
        runtime_us: length of the real-time sections, microseconds.
        chips: chips that took part.
        instances: execution instances in the order of the plan.
        warnings: problems that were found.
        duration_s: wall-clock time of the run.
        phases_s: durations of all phases over all instances.
    """

    time: str
    versions: tuple[tuple[str, str], ...]
    network: str
    seed: int | None
    entries: int
    runtime_us: float
    chips: tuple[ChipProvenance, ...]
    instances: tuple[InstanceProvenance, ...]
    warnings: tuple[str, ...]
    duration_s: float
    phases_s: tuple[tuple[str, float], ...]

    def to_json(self) -> str:
        """The record as JSON text."""
        return json.dumps(attrs.asdict(self), indent=2)

    def __str__(self) -> str:
        lines = [f"{self.time}: {self.entries} entries of {self.runtime_us:g} us, {self.duration_s:.3f} s"]
        lines += [f"{name} {version}" for name, version in self.versions]
        lines += [f"chip {number}: {chip.endpoint} ({chip.identifier})" for number, chip in enumerate(self.chips)]
        for each in self.instances:
            populations = ", ".join(f"{name} ({size})" for name, size in each.populations)
            lines.append(f"instance {each.instance} on chip {each.chip}: {populations}; {each.words_written} words")
        return "\n".join([*lines, *(f"warning: {warning}" for warning in self.warnings)])


def provenance(
    network: Network,
    routed: Mapping[int, RoutedInstance],
    outcomes: Mapping[int, InstanceOutcome],
    devices: Sequence[Device],
    places: Mapping[int, int],
    *,
    seed: int | None,
    entries: int,
    runtime_us: float,
    problems: Iterable[Problem],
    began: datetime,
    duration_s: float,
) -> Provenance:
    """Puts the record of a run together."""
    times = [outcome.run_time for outcome in outcomes.values()]
    total = attrs.asdict(sum(times[1:], times[0]))
    return Provenance(
        time=began.astimezone(UTC).isoformat(timespec="milliseconds"),
        versions=(
            ("hxtwin", __version__),
            ("numpy", np.__version__),
            ("python", platform.python_version()),
            ("machine", platform.machine()),
        ),
        network=_digest(to_bytes(network)),
        seed=seed,
        entries=entries,
        runtime_us=runtime_us,
        chips=tuple(
            ChipProvenance(
                endpoint=device.connection.info.endpoint,
                identifier=device.connection.info.identifier,
                bitfile=device.connection.info.bitfile.version,
            )
            for device in devices
        ),
        instances=tuple(
            InstanceProvenance(
                instance=number,
                chip=places[number],
                configuration=_digest(outcome.prepared.words.tobytes()),
                words_written=outcome.written,
                programs=outcome.programs,
                passes=len(outcome.prepared.layouts),
                populations=tuple((p.name, p.size) for p in routed[number].network.populations),
            )
            for number, outcome in outcomes.items()
        ),
        warnings=tuple(str(problem) for problem in problems),
        duration_s=duration_s,
        phases_s=tuple(total.items()),
    )


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=_DIGEST_BYTES).hexdigest()
