"""Rows of the arrays that the neuron kernels share; N circuits are integrated, in ascending order of their number.

Voltages are V; currents and conductances are scaled by step / node capacitance, so that one step is ``V += current``.
Line deflections are in units of the line saturation (0.30 V). Line ``k`` is excitatory, ``N + k`` inhibitory.

================  ==============  ==========================================================================
array             shape           content
================  ==============  ==========================================================================
``v``             float32[N]      membrane of the node at its root, else of the circuit's node when a call ends
``x``             float32[2N]     line deflections
``w``             float32[N]      adaptation voltages
``line``          float32[6, 2N]  coefficients of the lines, rows ``LINE_*``
``node``          float32[16, N]  coefficients of the membranes, rows ``NODE_*``, which follow the reset state,
                                  and of the circuits, rows ``OTA_*``, from which they are summed
``adapt``         float32[7, N]   adaptation, rows ``ADAPT_*``
``digital``       int64[17, N]    backend of each circuit, and how circuits form nodes, rows ``DIGITAL_*``
================  ==============  ==========================================================================
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
NODE_CURRENT: Final = 4
"""Constant current."""
NODE_THRESHOLD: Final = 5
"""Lowest threshold of the armed circuits of the node, V; infinite without."""
NODE_EXP_SHIFT: Final = 6
"""s = v / slope + shift is the logarithm of exponential current / limit."""
NODE_EXP_LIMIT: Final = 7
"""Limit of the exponential current; 0 without."""
OTA_LEAK_TARGET: Final = 8
OTA_LEAK_RANGE: Final = 9
OTA_LEAK_CONDUCTANCE: Final = 10
OTA_RESET_TARGET: Final = 11
OTA_RESET_RANGE: Final = 12
OTA_RESET_CONDUCTANCE: Final = 13
CIRCUIT_THRESHOLD: Final = 14
"""Threshold of the circuit, V."""
CIRCUIT_EXP_LIMIT: Final = 15
"""NODE_EXP_LIMIT while the exponential current is not gated."""
NODE_ROWS: Final = 16

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
DIGITAL_REFRACTORY: Final = 5
"""Duration."""
DIGITAL_RESET: Final = 6
"""Duration."""
DIGITAL_PULSE: Final = 7
"""Duration of the adaptation pulse."""
DIGITAL_PAUSE: Final = 8
"""1: synaptic and exponential currents are gated in reset."""
DIGITAL_CAN_FIRE: Final = 9
DIGITAL_LISTED: Final = 10
"""1: the circuit stands in the list of busy circuits."""
DIGITAL_ROOT: Final = 11
"""Index of the root of the circuit's node."""
DIGITAL_BEGIN: Final = 12
"""Place of the first member of node k in row DIGITAL_MEMBERS."""
DIGITAL_END: Final = 13
"""End of the members of node k."""
DIGITAL_MEMBERS: Final = 14
"""Circuits, node after node."""
DIGITAL_BUSY: Final = 15
"""Circuits that are not READY: the first ``digital[DIGITAL_BUSY_COUNT, 0]`` entries."""
DIGITAL_BUSY_COUNT: Final = 16
DIGITAL_ROWS: Final = 17

DIGITAL_OF_BACKEND: Final = (DIGITAL_PHASE, DIGITAL_ARMED, DIGITAL_FIRE, DIGITAL_RESET_END, DIGITAL_READY)
"""Rows that are state; the others follow the settings."""

#: Phases of a circuit's backend.
READY: Final = 0
CROSSED: Final = 1
"""The comparator has switched, the fire comes in cycle DIGITAL_FIRE."""
RESET: Final = 2
HOLDOFF: Final = 3
"""Refractory, membrane free."""
HELD: Final = 4
"""Refractory period over, membrane still above threshold: reset stays asserted."""
