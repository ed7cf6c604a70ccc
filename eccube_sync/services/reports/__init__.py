"""What happened: runs, the month, the owner's mail, the persons a run touched."""
