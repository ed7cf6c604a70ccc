"""Which class each customer has: computed, expired, restored, guarded, excepted."""
