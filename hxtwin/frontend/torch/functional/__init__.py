"""Functions behind the modules: integration of neurons, surrogate gradient, EventProp, injection of measurements.

===============================  =================================================================
function                         what it does
===============================  =================================================================
`superspike`                     spikes of a membrane, with surrogate gradient
`inject`                         measured value forward, gradient of the model backward
`cuba_lif_integration`           leaky integrate-and-fire neurons, compiled
`cuba_li_integration`            leaky integrators, compiled
`cuba_aelif_integration`         adaptive exponential neurons, step by step; also recurrence
`eventprop_synapse`,             EventProp
`eventprop_neuron`
`stepwise_tau`                   time constant of the model for one of the chip
===============================  =================================================================

Reference: frontend-torch.md A4, A5.
"""

from hxtwin.frontend.torch.functional.aelif import cuba_aelif_integration
from hxtwin.frontend.torch.functional.eventprop import eventprop_neuron, eventprop_synapse
from hxtwin.frontend.torch.functional.injection import inject
from hxtwin.frontend.torch.functional.lif import cuba_li_integration, cuba_lif_integration
from hxtwin.frontend.torch.functional.neuron_dynamics import Measured, NeuronDynamics, NeuronOutput, stepwise_tau
from hxtwin.frontend.torch.functional.superspike import superspike

__all__ = [
    "Measured",
    "NeuronDynamics",
    "NeuronOutput",
    "cuba_aelif_integration",
    "cuba_li_integration",
    "cuba_lif_integration",
    "eventprop_neuron",
    "eventprop_synapse",
    "inject",
    "stepwise_tau",
    "superspike",
]
