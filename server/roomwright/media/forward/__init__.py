"""Forwarding of media, sans-IO: who publishes, who receives, and every packet between them.

    router = Router(media_socket.burst)                      # one per process; the sink is all it needs
    endpoint = router.open(participant_sid, room, transport.sender, now)    # one per peer connection
    up = endpoint.publish(published)                         # an item of Answer.published; again after each answer
    down = endpoint.subscribe(up, sent, now)                 # an item of Answer.sent or Accepted.sent
    down.configure(DownSettings(...), now)                   # UpdateTrackSettings
    endpoint.on_rtp(packet, now); endpoint.on_rtcp(packet, now)
    router.next_timeout(); router.tick(now)                  # the one timer
    router.take_events()                                     # MediaStarted, SpeakersChanged, QualityChanged
    endpoint.unsubscribe(down, now); endpoint.unpublish(up.mid, now); router.close(endpoint, now)

`now` is in seconds on one monotonic clock everywhere. The one law is: change, then ask for the next time-out.

Not here: bandwidth estimation from transport-wide feedback, temporal layers, SVC layers (forwarded whole).
"""
