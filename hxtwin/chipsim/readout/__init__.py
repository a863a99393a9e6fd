"""Readout: what the converters see of the analog core, and what they make of it.

==============================================  =================================================================
room                                            content
==============================================  =================================================================
`hxtwin.chipsim.readout.neuron_output`          what the readout amplifier of each neuron circuit shows
`hxtwin.chipsim.readout.triggers`               addresses that start conversions or reset correlation sensors
`hxtwin.chipsim.readout.cadc`                   how long a conversion of the column ADC takes
`hxtwin.chipsim.readout.cadc_conversion`        its results
`hxtwin.chipsim.readout.madc`                   membrane ADC: state machine, sampling times, channels
`hxtwin.chipsim.readout.madc_conversion`        its values
`hxtwin.chipsim.readout.madc_clock`             its clock
`hxtwin.chipsim.readout.sources`                source multiplexers in front of membrane ADC and pads
`hxtwin.chipsim.readout.analog_nets`            pads and debug lines
`hxtwin.chipsim.readout.board_voltages`         DACs and multiplexers of the adapter board
`hxtwin.chipsim.readout.laws`                   the numbers
==============================================  =================================================================
"""
