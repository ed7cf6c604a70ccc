"""How well and how fast customers are matched, beside the tools other people use: ``python -m benchmarks.matching``."""
