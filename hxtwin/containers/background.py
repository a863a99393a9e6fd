"""On-chip background generators: regular or Poisson-like events."""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import WORD, select, variables
from hxtwin.containers.fields import flag, uint
from hxtwin.containers.layout import Target, leaf
from hxtwin.coord import BackgroundSpikeSourceOnDLS

(source,) = variables("source")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class BackgroundSpikeSource(Container):
    """On-chip event generator: regular or Bernoulli-per-bin (Poisson) with label randomisation."""

    layout = leaf(
        coordinate=BackgroundSpikeSourceOnDLS,
        components={"source": BackgroundSpikeSourceOnDLS},
        words=3,
        address=0x130001 + 3 * source + select((1, 2, 0), WORD),
        refuses_reads_on=(
            Target.HARDWARE,
            Target.SIMULATION,
        ),
        notes=(
            "Word order on the wire: seed (base+1), mask/rate/label (base+2), then enable/period (base+0), "
            "so that the configuration is complete when enable rises. base = 0x130001 + 3*source. Reads use "
            "the same order. Source s feeds crossbar input 12 + s: PADI bus s (0..3 top, 4..7 bottom) and L2 "
            "output s % 4."
        ),
    )
    enable: bool = flag(
        "Run. A 0->1 edge loads seed and period counter; first bin ends one full period later.", at(2, 0)
    )
    enable_random: bool = flag(
        "0: regular, one event per period; 1: per period draw an 8-bit number r, event iff r <= rate.", at(2, 1)
    )
    period: int = uint(
        "Interval between events (regular) or bins (random), minus one.",
        at(2, 16, 16),
        maximum=65535,
        unit="chip clock cycles (250 MHz)",
    )
    rate: int = uint(
        "Event probability in a bin is (rate + 1)/256, also for 0; clear enable to silence a source.",
        at(1, 8, 8),
        maximum=255,
    )
    seed: int = uint(
        "Start value of the 32-bit generator; only the low 16 bits are used per draw.", at(0, 0, 32), maximum=0xFFFFFFFF
    )
    mask: int = uint(
        "Label bits 7..0 with mask bit 1 are replaced by random bits per event (random mode only).",
        at(1, 0, 8),
        maximum=255,
    )
    neuron_label: int = uint("14-bit label of emitted events.", at(1, 16, 14), maximum=16383)
