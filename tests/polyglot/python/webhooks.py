"""Reads deliveries from standard input, and says what livekit-api's receiver makes of each."""

import base64
import os
import sys

from livekit import api

keys = api.TokenVerifier(os.environ["LIVEKIT_API_KEY"], os.environ["LIVEKIT_API_SECRET"])
receiver = api.WebhookReceiver(keys)

for line in sys.stdin:
    authorization, body = (base64.b64decode(part).decode() for part in line.split())
    try:
        event = receiver.receive(body, authorization)
    except Exception:
        print("refused")
        continue
    who = (event.room.name, event.participant.identity, event.track.name, event.egress_info.egress_id)
    print(event.event, event.id, event.created_at, *(each or "-" for each in who))
