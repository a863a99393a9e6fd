"""Rows and columns of the arrays that the neuron kernels share.

N circuits are integrated, in ascending order of their number; they form K nodes, in the order of their first circuit.
Voltages are V; currents and conductances are scaled by step / node capacitance, so that one step is ``V += current``.
Line deflections are in units of the line saturation (0.30 V). Line ``k`` is excitatory, ``N + k`` inhibitory.

================  ==============  ==========================================================================
array             shape           content
================  ==============  ==========================================================================
``v``             float32[K]      membranes of the nodes
``x``             float32[2N]     line deflections
``w``             float32[N]      adaptation voltages
``line``          float32[6, 2N]  coefficients of the lines, rows ``LINE_*``
``node``          float32[7, K]   coefficients of the membranes, rows ``NODE_*``, which follow the reset state
``ota``           float32[N, 8]   columns ``OTA_*`` of each circuit, from which those of its node are summed
``adapt``         float32[7, N]   adaptation, rows ``ADAPT_*``
``digital``       int64[N, 16]    backend of each circuit, columns ``DIGITAL_*``
================  ==============  ==========================================================================

What is taken for all circuits at once stands in rows; what is looked up for one of them in columns, side by side.
"""

from __future__ import annotations

from typing import Final

LINE_DECAY: Final = 0
"""exp(-step / tau)."""
LINE_MEAN: Final = 1
"""Mean deflection over a step for a deflection of 1 at its begin."""
LINE_RATE: Final = 2
"""step / tau."""
LINE_DRIVE: Final = 3
"""gm * saturation / limit: argument of the OTA's tanh for a deflection of 1."""
LINE_REFERENCE: Final = 4
"""Argument of the OTA's tanh that is subtracted."""
LINE_AMPLITUDE: Final = 5
"""OTA limit, negative for inhibition."""
LINE_ROWS: Final = 6

NODE_TARGET: Final = 0
"""Potential of the OTA, V."""
NODE_INVERSE_RANGE: Final = 1
"""1 / range of the OTA, 1/V."""
NODE_LIMIT: Final = 2
"""Conductance * range."""
NODE_CONDUCTANCE: Final = 3
NODE_THRESHOLD: Final = 4
"""Lowest threshold of the armed circuits of the node, V; infinite without."""
NODE_EXP_SHIFT: Final = 5
"""s = v / slope + shift is the logarithm of exponential current / limit."""
NODE_EXP_LIMIT: Final = 6
"""Limit of the exponential current; 0 without, and while it is gated."""
NODE_ROWS: Final = 7

OTA_LEAK_TARGET: Final = 0
OTA_LEAK_RANGE: Final = 1
OTA_LEAK_CONDUCTANCE: Final = 2
OTA_RESET_TARGET: Final = 3
OTA_RESET_RANGE: Final = 4
OTA_RESET_CONDUCTANCE: Final = 5
OTA_THRESHOLD: Final = 6
"""Threshold of the comparator, V."""
OTA_COLUMNS: Final = 8

ADAPT_REFERENCE: Final = 0
"""V."""
ADAPT_LEAK: Final = 1
"""V."""
ADAPT_RATE: Final = 2
"""step * g_w / C_w."""
ADAPT_A: Final = 3
"""step * g_a / C_w, signed."""
ADAPT_B: Final = 4
"""step * I_b / C_w, signed: change of the adaptation voltage in a step of pulse, V."""
ADAPT_OUTPUT: Final = 5
"""Output conductance; 0 where adaptation is off."""
ADAPT_PULSE: Final = 6
"""Share of the present step that the pulse covers; set by the spike kernel."""
ADAPT_ROWS: Final = 7

DIGITAL_PHASE: Final = 0
DIGITAL_ARMED: Final = 1
DIGITAL_FIRE: Final = 2
"""Cycle of the fire that is under way or was the last."""
DIGITAL_RESET_END: Final = 3
DIGITAL_READY: Final = 4
"""End of the refractory period."""
DIGITAL_LISTED: Final = 5
"""Place of the circuit in the list of busy circuits; 0: it does not stand there."""
DIGITAL_NODE: Final = 6
"""The circuit's node."""
DIGITAL_CAN_FIRE: Final = 7
DIGITAL_REFRACTORY: Final = 8
"""Duration."""
DIGITAL_RESET: Final = 9
"""Duration."""
DIGITAL_PULSE: Final = 10
"""Duration of the adaptation pulse."""
DIGITAL_PAUSE: Final = 11
"""1: synaptic and exponential currents are gated in reset."""
DIGITAL_COLUMNS: Final = 16

DIGITAL_OF_BACKEND: Final = (DIGITAL_PHASE, DIGITAL_ARMED, DIGITAL_FIRE, DIGITAL_RESET_END, DIGITAL_READY)
"""Columns that are state; the others follow the settings."""

#: Phases of a circuit's backend.
READY: Final = 0
CROSSED: Final = 1
"""The comparator has switched, the fire comes in cycle DIGITAL_FIRE."""
RESET: Final = 2
HOLDOFF: Final = 3
"""Refractory, membrane free."""
HELD: Final = 4
"""Refractory period over, membrane still above threshold: reset stays asserted."""
