"""The root of every error that hxtwin raises on purpose.

Each layer derives one family from `HxtwinError`, so that ``except HxtwinError`` catches everything the
package reports about wrong input, a wrong state or a device, and nothing else.

===================  ==========================
layer                family
===================  ==========================
``hxtwin.coord``       `hxtwin.coord.CoordinateError`
``hxtwin.containers``  `hxtwin.containers.ContainerError`
``hxtwin.comm``        `hxtwin.comm.CommError`
``hxtwin.runtime``     `hxtwin.runtime.ProgramError`
``hxtwin.chipsim``     `hxtwin.chipsim.errors.ChipSimError`
``hxtwin.graph``       `hxtwin.graph.errors.GraphError`
``hxtwin.calib``       `hxtwin.calib.errors.CalibError`
``hxtwin.frontend``    `hxtwin.frontend.errors.FrontendError`
``hxtwin.endpoints``   `hxtwin.endpoints.EndpointError`
===================  ==========================
"""


class HxtwinError(Exception):
    """Root of all errors raised by hxtwin."""
