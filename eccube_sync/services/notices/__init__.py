"""Mails to customers: called for, judged, written and sent, none twice."""
