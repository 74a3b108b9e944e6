"""Every state meets every input."""

import pytest

from roomwright.media.transport.states import TRANSITIONS, Input, TransportState


def test_the_table_is_whole():
    assert set(TRANSITIONS) == set(TransportState)
    assert {given for row in TRANSITIONS.values() for given in row} == set(Input)


def test_every_state_but_the_last_can_be_closed():
    for state, row in TRANSITIONS.items():
        assert row.get(Input.CLOSE) is (None if state is TransportState.CLOSED else TransportState.CLOSED)


@pytest.mark.parametrize("given", Input, ids=lambda given: given.name)
@pytest.mark.parametrize("state", TransportState, ids=lambda state: state.name)
async def test_a_transport_does_what_the_table_says(net, state, given):
    transport, heard = net.open()
    transport.state = state
    transport._enter(given, "why")
    expected = TRANSITIONS[state].get(given)
    assert transport.state is (expected or state)
    assert heard.states == ([(expected, "why")] if expected else [])
