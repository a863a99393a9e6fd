"""Acceptance: every promised figure measured at full size, in pieces that can be resumed.

===============  ===========================================================================
`figure`         one measured number beside its target
`piece`          a named measurement that gives figures
`timing`         running times: median and minimum of repeated runs
`check`          a tool or the tests run as a process of their own
`random_chip`    a whole-chip configuration with random fields
`provenance`     which sources, machine and versions the figures belong to
`log`            ``results/<topic>.json`` and ``results/<topic>.md``
`foundations`    topic: coordinates, containers, scaffold
`transport`      topic: messages and the link protocol
`twin`           topic: random input, memory, the daemon, determinism
`calibration`    topic: calibration of chips with mismatch, verified over UDP
`graph`          topic: partition, placement and routing, execution
`graph_times`    running times of these
`random_streams` random programs and words for the twin
===============  ===========================================================================

Networks to measure with: `layered_networks`, `random_networks`, `partitioned_networks`.

Run as ``make acceptance`` or ``python tools/acceptance``.
"""
