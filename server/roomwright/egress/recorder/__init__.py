"""What runs in the process of one egress: packets in, files and streams out. Never imported by the server.

Packets come as frames. Intake brings them into order and gives them their time; track egress hands the encoded units
on as they came, everything else is decoded, composed and encoded. Outputs write units, storage keeps what they write.
"""
