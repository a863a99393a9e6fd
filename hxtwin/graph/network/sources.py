"""Sources of spikes outside the neurons: the host, and the background generators on the chip.

===================  ==================================================================================
`ExternalSource`     spike times come with the input data of a run, for each batch entry
`BackgroundSource`   one generator per hemisphere; the low bits of its label are drawn at random
===================  ==================================================================================

Rate of a generator: ``p * 250 MHz / (period + 1)``, p = (rate + 1) / 256 if random, else 1, shared by all its neurons.
Source: reference graph.md 5.1, 5.2; frontend-pynn.md 3.3 (period and rate of a Poisson source).
"""

from __future__ import annotations

import attrs

from hxtwin.coord import ExecutionInstanceID  # noqa: TC001 - cattrs reads the annotations
from hxtwin.graph.errors import NetworkError
from hxtwin.graph.network.entity import (
    MOST_NEURONS,
    check_name,
    described,
    in_range,
    not_negative,
    to_instance,
    to_size,
)
from hxtwin.graph.network.population import MOST_CHIPS, Population

#: Clock of the background generators with the default clock tree.
GENERATOR_CLOCK_HZ = 250e6
#: Most neurons of one background generator: 8 random label bits.
MOST_BACKGROUND_NEURONS = 256


@attrs.frozen(kw_only=True)
class ExternalSource:
    """Neurons whose spikes the host sends.

    It runs wherever it has targets: its events are sent in each execution instance that contains some.

    Args:
        name: unique in the network; input data refer to it.
        size: number of neurons, at least 1.
        rate_hz: highest rate of spikes per neuron to be expected, for the limit of input events; None: unknown.
        execution_instance: the only instance it may have targets in; None: any.
        chip: position in the list of chips of the executor; only of interest together with `execution_instance`.
    """

    name: str = attrs.field(validator=check_name)
    size: int = attrs.field(converter=to_size, validator=in_range(1, MOST_NEURONS))
    rate_hz: float | None = attrs.field(default=None, validator=not_negative)
    execution_instance: ExecutionInstanceID | None = attrs.field(default=None, converter=to_instance)
    chip: int = attrs.field(default=0, converter=to_size, validator=in_range(0, MOST_CHIPS - 1))


@attrs.frozen(kw_only=True)
class BackgroundSource:
    """Neurons played by the background generators of a chip: one generator on each hemisphere with targets.

    Args:
        name: unique in the network.
        size: number of neurons, a power of two up to 256.
        period: bin length in chip cycles minus one, 0..65535.
        rate: 0..255; probability of an event in a bin is (rate + 1) / 256.
        random: draw the events of a bin; False: one event in every bin.
        seed: of the random numbers, 32 bit, not 0.
        execution_instance: where it runs; None: in each instance that contains targets.
        chip: position in the list of chips of the executor.
    """

    name: str = attrs.field(validator=check_name)
    size: int = attrs.field(converter=to_size, validator=in_range(1, MOST_BACKGROUND_NEURONS))
    period: int = attrs.field(converter=to_size, validator=in_range(0, 0xFFFF))
    rate: int = attrs.field(default=255, converter=to_size, validator=in_range(0, 255))
    random: bool = attrs.field(default=True, validator=attrs.validators.instance_of(bool))
    seed: int = attrs.field(default=1234, converter=to_size, validator=in_range(1, 0xFFFF_FFFF))
    execution_instance: ExecutionInstanceID | None = attrs.field(default=None, converter=to_instance)
    chip: int = attrs.field(default=0, converter=to_size, validator=in_range(0, MOST_CHIPS - 1))

    def __attrs_post_init__(self) -> None:
        if self.size & (self.size - 1):
            raise NetworkError(f"{described(self)}: size has to be a power of two, got {self.size}")

    @classmethod
    def poisson(
        cls,
        name: str,
        size: int,
        rate_hz: float,
        *,
        seed: int = 1234,
        execution_instance: ExecutionInstanceID | int | None = None,
        chip: int = 0,
    ) -> BackgroundSource:
        """A source of independent Poisson spike trains with `rate_hz` per neuron.

        Source: reference frontend-pynn.md 3.3.

        Raises:
            NetworkError: the common rate of all neurons is beyond the clock of the generator, or too low for it.
        """
        total = rate_hz * size
        if not 0 < total <= GENERATOR_CLOCK_HZ:
            raise NetworkError(
                f"BackgroundSource {name!r}: {size} neurons of {rate_hz:g} Hz are {total:g} Hz together; "
                f"above 0 and up to {GENERATOR_CLOCK_HZ:g} Hz are possible"
            )
        rate = round(255 * total / GENERATOR_CLOCK_HZ)
        period = round(GENERATOR_CLOCK_HZ / total * (rate + 1) / 256) - 1
        return cls(
            name=name,
            size=size,
            period=max(period, 0),
            rate=rate,
            seed=seed,
            execution_instance=execution_instance,
            chip=chip,
        )

    @property
    def rate_hz(self) -> float:
        """Mean rate per neuron that the generator delivers."""
        probability = (self.rate + 1) / 256 if self.random else 1.0
        return probability * GENERATOR_CLOCK_HZ / (self.period + 1) / self.size


#: Everything that a projection can start at.
Source = Population | ExternalSource | BackgroundSource
