"""Analog core: pure functions on arrays; it knows neither registers nor containers nor words.

The seam: arrays in, arrays out.

=============================  =======================================================================================
in                             from
=============================  =======================================================================================
columns of containers,      the register file: ``NeuronConfig``, ``NeuronBackendConfig``, ``CommonNeuronBackendConfig``,
CapMem codes, weights, labels  ``SynapseDriverConfig``, ``CommonSTPConfig``; ``[4, 24, 130]`` codes; ``[512, 256]``
personality                    `hxtwin.chipsim.personality.Personality`, None for the ideal chip
synaptic events                the event network: chip cycle, hemisphere, bus, reacting drivers (bits), 6-bit address
artificial fires               triggers: chip cycle, circuit
=============================  =======================================================================================

=============================  =======================================================================================
out                            meaning
=============================  =======================================================================================
fires                          chip cycle of the fire (comparator delay included), circuit 0..511 = 256 * row + column
trace                       membranes (V), line deflections (in units of 0.30 V), adaptation (V) at the end of each step
correlation storage            CADC LSB below the baseline, ``float32[2, 512, 256]``
=============================  =======================================================================================

The way: `elaborate` (registers x personality -> SI parameters) -> `discretisation.discretise` (coefficients of a step)
-> `discretisation.initial_state` -> `drivers.drive` (bus events -> row events) -> `integration.integrate` (row events
-> fires, trace) -> `correlation_kernel.correlate`. New settings: `discretise` again and `discretisation.adopt`.
Neurons at rest: `rest_kernel`.

Units: SI outside of the kernels; times are chip cycles (4 ns), steps a multiple of half a cycle. Step n covers the
cycles ``n * step_cycles`` to ``(n + 1) * step_cycles``; an event may come up to one step late without losing charge.
All numbers of the laws stand in `constants`; reference: analog-model.md, analog-parameters.json.
"""
