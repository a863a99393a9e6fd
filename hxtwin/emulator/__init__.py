"""The emulator: a twin behind Host-ARQ, a process that stands where the lab has an FPGA.

`command` joins transport and twin and looks after signals and logs; `warm_up` has the kernels ready before the first
host arrives. On the command line it is ``hxtwin emulator``.
"""
