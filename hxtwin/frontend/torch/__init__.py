"""Spiking networks in PyTorch, on the chip or in software, with gradients.

==================================  ============================================================================
name                                what it is
==================================  ============================================================================
`Experiment`, `run`                 modules that run together; execute what was described
`ExecutionInstance`                 one configuration and run of a chip
`InputNeuron`                       spikes from the host
`Synapse`, `SparseSynapse`,         projections
`EventPropSynapse`
`LIF`, `LI`, `AELIF`,               populations
`EventPropLIF`
`BatchDropout`                      dropout of whole neurons
`HXModuleWrapper`                   several modules in one function: recurrence
`TensorHandle`, `SynapseHandle`,    what modules return; filled by `run`
`LIObservables`, `LIFObservables`
`ModelParameter`, `HXParameter`,    values for model and chip
`MixedHXModelParameter`,
`HXTransformedModelParameter`
`get_dynamic_range`,                 units of model and chip, measured
`get_trace_scaling`,
`get_weight_scaling`
==================================  ============================================================================

Functions behind the modules: `functional`. Encoders, decoders, transforms of weights: `encoding`, `decoding`,
`weight_transform`. Data sets: `datasets`. Needs the extra ``torch``.

Layout of all tensors: (time, batch, neuron). Times in seconds. Reference: frontend-torch.md A.
"""

from __future__ import annotations

from hxtwin.frontend.errors import MissingExtraError

try:
    import torch as _torch  # noqa: F401  # only to say clearly what is missing
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise MissingExtraError(
        "hxtwin.frontend.torch needs PyTorch, which is not installed; install the extra: pip install 'hxtwin[torch]'"
    ) from error

from hxtwin.frontend.torch import datasets, decoding, encoding, functional, weight_transform
from hxtwin.frontend.torch.batch_dropout import BatchDropout
from hxtwin.frontend.torch.execution_info import ExecutionInfo
from hxtwin.frontend.torch.execution_instance import ExecutionInstance
from hxtwin.frontend.torch.experiment import Experiment, run
from hxtwin.frontend.torch.handle import Handle, LIFObservables, LIObservables, SynapseHandle, TensorHandle
from hxtwin.frontend.torch.input_neuron import InputNeuron
from hxtwin.frontend.torch.module import HXModule
from hxtwin.frontend.torch.module_wrapper import HXModuleWrapper
from hxtwin.frontend.torch.neuron import (
    AELIF,
    LI,
    LIF,
    EventPropLIF,
    Neuron,
    NeuronExp,
    ReadoutNeuron,
    ReadoutNeuronExp,
)
from hxtwin.frontend.torch.neuron_structure import SingleCompartmentNeuron
from hxtwin.frontend.torch.parameter import (
    HXParameter,
    HXTransformedModelParameter,
    MixedHXModelParameter,
    ModelParameter,
    Parameter,
)
from hxtwin.frontend.torch.recording import dense_spikes_to_list, extract_n_spikes
from hxtwin.frontend.torch.scaling import DynamicRange, get_dynamic_range, get_trace_scaling, get_weight_scaling
from hxtwin.frontend.torch.sparse_synapse import SparseSynapse
from hxtwin.frontend.torch.synapse import EventPropSynapse, Synapse

__all__ = [
    "AELIF",
    "LI",
    "LIF",
    "BatchDropout",
    "DynamicRange",
    "EventPropLIF",
    "EventPropSynapse",
    "ExecutionInfo",
    "ExecutionInstance",
    "Experiment",
    "HXModule",
    "HXModuleWrapper",
    "HXParameter",
    "HXTransformedModelParameter",
    "Handle",
    "InputNeuron",
    "LIFObservables",
    "LIObservables",
    "MixedHXModelParameter",
    "ModelParameter",
    "Neuron",
    "NeuronExp",
    "Parameter",
    "ReadoutNeuron",
    "ReadoutNeuronExp",
    "SingleCompartmentNeuron",
    "SparseSynapse",
    "Synapse",
    "SynapseHandle",
    "TensorHandle",
    "datasets",
    "decoding",
    "dense_spikes_to_list",
    "encoding",
    "extract_n_spikes",
    "functional",
    "get_dynamic_range",
    "get_trace_scaling",
    "get_weight_scaling",
    "run",
    "weight_transform",
]
