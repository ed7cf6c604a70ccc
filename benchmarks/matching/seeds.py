"""Which made-up shops may be looked at, and when.

Weights and settings may be fitted on ``TRAIN`` and compared on ``VALIDATION``. ``TEST`` is for the published
table only: whoever changes anything after seeing a test seed has spent it and puts a new one in its place.
"""

from __future__ import annotations

TRAIN = (101, 102, 103)
VALIDATION = (201, 202)
TEST = (903, 904)

SPLITS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
