"""What ``check`` looks at, by subject. A check yields findings, reads only, and may raise what it meets."""
