"""Training of the two example networks: tasks, loop, checkpoints, tables and plots.

Behind ``hxtwin train yinyang``, ``hxtwin train mnist`` and ``hxtwin eval``.
"""
