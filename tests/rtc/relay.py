"""A road that loses packets: a UDP relay in front of the server's media port."""

import asyncio
import random
from typing import Self, cast

Address = tuple[str, int]


class Relay:
    """Takes datagrams at `front` for the server at `back`, and back again; each is lost with probability `loss`.

    Every client is given a socket of its own towards the server, which tells clients apart by their addresses.
    """

    def __init__(self, back: Address) -> None:
        self.loss = 0.0
        self.lost = 0
        self._back = back
        self._dice = random.Random(1)
        self._front: asyncio.DatagramTransport | None = None
        self._clients: dict[Address, _Client] = {}

    @classmethod
    async def open(cls, front: Address, back: Address) -> Self:
        relay = cls(back)
        loop = asyncio.get_running_loop()
        relay._front, _ = await loop.create_datagram_endpoint(lambda: _Front(relay), local_addr=front)
        return relay

    def close(self) -> None:
        for client in self._clients.values():
            client.close()
        if self._front is not None:
            self._front.close()

    def to_server(self, datagram: bytes, client: Address) -> None:
        if self._arrives():
            if client not in self._clients:
                self._clients[client] = _Client(self, client, self._back)
            self._clients[client].send(datagram)

    def to_client(self, datagram: bytes, client: Address) -> None:
        if self._arrives() and self._front is not None:
            self._front.sendto(datagram, client)

    def _arrives(self) -> bool:
        arrives = self._dice.random() >= self.loss
        self.lost += not arrives
        return arrives


class _Front(asyncio.DatagramProtocol):
    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._relay.to_server(data, addr)


class _Client(asyncio.DatagramProtocol):
    """One client's way to the server; what comes before its socket is open waits."""

    def __init__(self, relay: Relay, client: Address, back: Address) -> None:
        self._relay, self._client = relay, client
        self._transport: asyncio.DatagramTransport | None = None
        self._early: list[bytes] = []
        opening = asyncio.get_running_loop().create_datagram_endpoint(lambda: self, remote_addr=back)
        self._opening = asyncio.ensure_future(opening)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        for datagram in self._early:
            self._transport.sendto(datagram)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._relay.to_client(data, self._client)

    def send(self, datagram: bytes) -> None:
        if self._transport is None:
            self._early.append(datagram)
        else:
            self._transport.sendto(datagram)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
