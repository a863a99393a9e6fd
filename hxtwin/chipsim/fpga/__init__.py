"""The FPGA: from words to instructions, from instructions to accesses and events, and back to words."""
