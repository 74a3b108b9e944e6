"""Running egresses: their recorder processes, the tracks that these are given, and what they report.

recorder    one process and the socket to it
tracks      the tracks of a source, tapped and handed over
session     one egress from its acceptance to its end
"""
