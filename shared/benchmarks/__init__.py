"""What the benchmarks are asked for: the command line writes it, the process that measures reads it."""
