"""Execution: runs placed and routed networks on chips and brings back arrays by population.

=======================  =====================================================================================
`Executor`, `RunOptions`   runs all batch entries of a network, instance by instance
`InputSpikes`              spikes of an external source
`Hooks`                    raw program parts of the user
`RunResult`                spikes, traces, problems, times, provenance
=======================  =====================================================================================

Without a network: `InstanceTask` (a chip configuration, a `RealtimeRequest` and labelled spikes) and `Conductor`.
Source: reference execution.md.
"""

from __future__ import annotations

from hxtwin.graph.execution.conductor import Conductor, InstanceOutcome, InstanceTask
from hxtwin.graph.execution.device import Device
from hxtwin.graph.execution.executor import Executor, RunOptions
from hxtwin.graph.execution.health import ExecutionHealth
from hxtwin.graph.execution.hooks import Hooks
from hxtwin.graph.execution.input_spikes import InputSpikes
from hxtwin.graph.execution.instance_record import CadcTraces, InstanceRecord, MadcSamples
from hxtwin.graph.execution.problem import Problem, ProblemKind
from hxtwin.graph.execution.provenance import Provenance
from hxtwin.graph.execution.realtime_request import RealtimeRequest
from hxtwin.graph.execution.result import RecordedSamples, RecordedSpikes, RecordedTraces, RunResult
from hxtwin.graph.execution.run_time import RunTime
from hxtwin.graph.execution.spike_trains import LabelledSpikes

__all__ = [
    "CadcTraces",
    "Conductor",
    "Device",
    "ExecutionHealth",
    "Executor",
    "Hooks",
    "InputSpikes",
    "InstanceOutcome",
    "InstanceRecord",
    "InstanceTask",
    "LabelledSpikes",
    "MadcSamples",
    "Problem",
    "ProblemKind",
    "Provenance",
    "RealtimeRequest",
    "RecordedSamples",
    "RecordedSpikes",
    "RecordedTraces",
    "RunOptions",
    "RunResult",
    "RunTime",
]
