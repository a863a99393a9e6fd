"""Problems: what may make the results of a run wrong. They are reported with the results, never left out.

=====================  ==========================================================================================
kind                   meaning
=====================  ==========================================================================================
spikes lost            events left the chip but are not in the record
events dropped         the crossbar threw events away
late spikes            input spikes left more than a microsecond after their time: too dense for the link
spikes after the end   replayed or delayed spikes that lie behind the real-time section; not sent
unknown labels         recorded events with labels that nothing in the network sends; in no population's result
not counted            counters that would tell about losses are switched off
link errors            words between FPGA and chip were damaged or thrown away
link state             a link came up or went down while nobody asked for it
ADC saturated          samples at the end of the range of an ADC
samples lost           fewer samples of the membrane ADC than its rate and the run time give
not calibrated         circuits in use whose calibration was not successful
=====================  ==========================================================================================
"""

from __future__ import annotations

from enum import Enum

import attrs


class ProblemKind(Enum):
    """What went wrong; see the table of this module."""

    SPIKES_LOST = "spikes lost"
    EVENTS_DROPPED = "events dropped"
    LATE_SPIKES = "late spikes"
    SPIKES_AFTER_END = "spikes after the end"
    UNKNOWN_LABELS = "unknown labels"
    NOT_COUNTED = "not counted"
    LINK_ERRORS = "link errors"
    LINK_STATE = "link state"
    ADC_SATURATED = "ADC saturated"
    SAMPLES_LOST = "samples lost"
    NOT_CALIBRATED = "not calibrated"


@attrs.frozen
class Problem:
    """One problem of an execution instance.

    Attributes:
        kind: what went wrong.
        instance: number of the execution instance.
        count: how many spikes, samples, words or circuits are concerned.
        message: for people: where, how many of how many, what to do.
    """

    kind: ProblemKind
    instance: int
    count: int
    message: str

    def __str__(self) -> str:
        return f"execution instance {self.instance}: {self.kind.value}: {self.message}"
