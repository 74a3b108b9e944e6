"""The transport of media: ICE-lite, DTLS, SRTP and data channels of all participants, on one UDP port.

    media_socket = MediaSocket(loop, clock, ids, TransportSettings(host="127.0.0.1", port=0))
    transport = media_socket.open(listener)             # one per peer connection (BUNDLE)
    transport.local                                     # ufrag, pwd, fingerprint, candidates for our description
    transport.set_remote(ufrag, pwd, fingerprint, setup)   # from theirs; again after an ICE restart
    transport.restart_ice()                             # new local credentials, before an answer to an ICE restart
    transport.channel("_reliable")                      # a data channel of our making; see also on_channel_open
    transport.send("_reliable", data)                   # False: the channel's buffer is full, or it is not open
    transport.send_rtcp(packet)
    media_socket.burst.queue_rtp(transport.sender, header, payload)   # see burst.py
    transport.close()

What happens comes back through a `TransportListener`, synchronously. Everything runs on the event loop's thread; there
are no tasks. Owned here: the socket, STUN, DTLS, SRTP, SCTP, their timers and limits. Not here: session descriptions,
RTP's meaning, what goes to whom.
"""
