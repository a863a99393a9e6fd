"""Graph: how an experiment is laid out on chips and in time.

=========================  ===========================================================================================
`hxtwin.graph.network`     what a modeller describes: populations, sources, projections, recordings
`hxtwin.graph.partition`   networks larger than a chip become execution instances
`hxtwin.graph.placement`   logical neurons get circuits
`hxtwin.graph.routing`     spikes get labels, buses and rows
`hxtwin.graph.configuration`  the routed network becomes words of a chip, and is read back from them
`hxtwin.graph.execution`   programs, batches, several chips, results
`hxtwin.graph.signal_flow`  the same as typed vertices and edges, to look at and to export
=========================  ===========================================================================================

May import runtime, containers and coord.
"""
