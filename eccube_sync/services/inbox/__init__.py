"""What came in since the last minute: the plugin's rows, files and requests."""
