"""From what is written in the registers, and the personality, to the parameters of the analog kernels.

========================================  ==================================================================
room                                      result
========================================  ==================================================================
`hxtwin.chipsim.elaborate.cap_mem`        voltages and currents of all CapMem cells at a time, settling included
`hxtwin.chipsim.elaborate.potentials`     membrane potentials that codes stand for
`hxtwin.chipsim.elaborate.refractory`     counter settings to durations of refractory period and reset
`hxtwin.chipsim.elaborate.compartments`   switches between circuits to merged nodes and resistors
`hxtwin.chipsim.elaborate.neurons`        all of this for the 512 neuron circuits: `NeuronParameters`
`hxtwin.chipsim.elaborate.synapses`       weights to line deflections, one array for each synapse row
`hxtwin.chipsim.elaborate.drivers`        synapse drivers: pulse widths and short-term plasticity
`hxtwin.chipsim.elaborate.correlation`    amplitudes and time constants of the correlation sensors
`hxtwin.chipsim.elaborate.fire_wires`     backend settings to circuits that fire together, and to post pulses
`hxtwin.chipsim.elaborate.settings`       registers to all of these, recomputed only for what changed: `Settings`
========================================  ==================================================================

Apart from `Settings` all are pure functions: arrays and frozen objects in, frozen objects with read-only meaning out;
SI units throughout.
"""
