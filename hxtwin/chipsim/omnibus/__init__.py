"""Ways to the chip's bus: the high-speed link with its eight PHYs, and the JTAG chain."""
