"""Link codes from the store: issued, printed, mailed, bound to members, revoked."""
