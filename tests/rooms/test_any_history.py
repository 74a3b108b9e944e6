"""Any history whatever: the engine against a simple model, its events against its state, its clients against both."""

from dataclasses import dataclass, field

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from roomwright.config import LimitSettings, RoomSettings
from roomwright.errors import ServiceError
from roomwright.rooms import commands as c
from roomwright_proto import livekit as pb
from tests.rooms.conftest import Engine

EMPTY, DEPARTURE = 30, 10
ROOMS = st.sampled_from(["a", "b", "c"])
IDENTITIES = st.sampled_from(["x", "y", "z", "w"])
FLAVOURS = st.sampled_from(["plain", "hidden", "agent", "recorder", "silent"])
GRANTS = {
    "plain": {},
    "hidden": {"hidden": True},
    "agent": {"kind": "agent"},
    "recorder": {"recorder": True},
    "silent": {"can_publish": False},
}


@dataclass(eq=False)
class Person:
    """What the model knows of a participant. `handle` is the engine's, whose state it never asks."""

    identity: str
    flavour: str
    active: bool = False
    name: str = ""
    tracks: dict[str, bool] = field(default_factory=dict)
    publisher: bool = False
    handle: object = None
    origin: "Person | None" = None

    @property
    def counted(self):
        return self.flavour not in ("agent", "recorder")


@dataclass(eq=False)
class Place:
    """What the model knows of a room."""

    limit: int
    due: float
    people: dict[str, Person] = field(default_factory=dict)
    joined_once: bool = False
    metadata: str = ""


class AnyHistory(RuleBasedStateMachine):
    """The rules are what can happen; the invariants hold after each."""

    @initialize()
    def start(self):
        limits = LimitSettings(max_metadata_size=10, max_participant_name_length=10)
        self.engine = Engine(RoomSettings(empty_timeout=EMPTY, departure_timeout=DEPARTURE), limits)
        self.places: dict[str, Place] = {}

    # the model

    @property
    def time(self):
        return self.engine.clock.monotonic()

    def place(self, name, limit=0):
        return self.places.setdefault(name, Place(limit, self.time + EMPTY))

    def whereabouts(self, person):
        return next((place for place in self.places.values() if person in place.people.values()), None)

    def settle(self):
        """What follows by itself: mirrors go with their origins, time-outs start and stop."""
        here = {person for place in self.places.values() for person in place.people.values()}
        for place in self.places.values():
            for person in list(place.people.values()):
                if person.origin and person.origin not in here:
                    del place.people[person.identity]
                elif person.origin:
                    person.name, person.active = person.origin.name, person.origin.active
                    person.tracks = dict(person.origin.tracks)
                    person.publisher = person.publisher or bool(person.tracks)
            if any(person.counted for person in place.people.values()):
                place.joined_once, place.due = True, None
            elif place.due is None:
                place.due = self.time + DEPARTURE

    def full(self, place, person):
        taken = sum(other.counted for other in place.people.values())
        namesake = place.people.get(person.identity)
        replaces = namesake is not None and namesake.counted
        return place.limit and taken >= place.limit and person.counted and not replaces

    def fingerprint(self):
        rooms = self.engine.api.list_rooms(pb.ListRoomsRequest()).rooms
        lists = [self.engine.api.list_participants(pb.ListParticipantsRequest(room=room.name)) for room in rooms]
        return rooms, lists, self.engine.rooms.next_timeout(), self.engine.rooms.take_events()

    def refused(self, act):
        """A refusal changes nothing."""
        before = self.fingerprint()
        try:
            act()
        except ServiceError:
            assert self.fingerprint() == before
            return
        raise AssertionError("this should have been refused")

    def somebody(self, data, *, real=True):
        people = [p for place in self.places.values() for p in place.people.values() if not (real and p.origin)]
        assume(people)
        return people[data.draw(st.integers(0, len(people) - 1))]

    # what can happen

    @rule(room=ROOMS, limit=st.sampled_from([0, 1, 2]))
    def create(self, room, limit):
        self.engine.create(room, max_participants=limit)
        self.place(room, limit)

    @rule(room=ROOMS)
    def delete(self, room):
        request = pb.DeleteRoomRequest(room=room)
        if self.places.pop(room, None) is None:
            self.refused(lambda: self.engine.call(self.engine.api.delete_room, request))
        else:
            self.engine.call(self.engine.api.delete_room, request)
            self.settle()

    @rule(room=ROOMS, identity=IDENTITIES, flavour=FLAVOURS, active=st.booleans())
    def join(self, room, identity, flavour, active):
        person = Person(identity, flavour, active)
        if room in self.places and self.full(self.places[room], person):
            self.refused(lambda: self.engine.join(identity, room, **GRANTS[flavour]))
            return
        person.handle = self.engine.join(identity, room, active=active, **GRANTS[flavour])
        people = self.place(room).people
        people.pop(identity, None)
        people[identity] = person
        self.settle()

    @rule(data=st.data())
    def activate(self, data):
        person = self.somebody(data)
        self.engine.say(person.handle, c.Activate())
        person.active = True
        self.settle()

    @rule(data=st.data())
    def publish(self, data):
        person = self.somebody(data)
        sid = self.engine.publish(person.handle)
        assert bool(sid) == (person.flavour != "silent")
        if sid:
            person.tracks[sid] = False
            person.publisher = True
        self.settle()

    @rule(data=st.data(), muted=st.booleans())
    def mute(self, data, muted):
        person = self.somebody(data)
        for sid in list(person.tracks)[:1]:
            self.engine.say(person.handle, c.MuteTrack(sid, muted))
            person.tracks[sid] = muted
        self.settle()

    @rule(data=st.data())
    def unpublish(self, data):
        person = self.somebody(data)
        for sid in list(person.tracks)[:1]:
            self.engine.say(person.handle, c.UnpublishTrack(sid))
            del person.tracks[sid]
        self.settle()

    @rule(data=st.data(), subscribe=st.booleans())
    def choose(self, data, subscribe):
        subscriber, publisher = self.somebody(data), self.somebody(data)
        self.engine.say(subscriber.handle, c.SetSubscriptions(tuple(publisher.tracks), subscribe))

    @rule(data=st.data(), command=st.sampled_from([c.Leave(), c.Disconnect()]))
    def go(self, data, command):
        person = self.somebody(data)
        del self.whereabouts(person).people[person.identity]
        self.engine.say(person.handle, command)
        self.settle()

    @rule(room=ROOMS, identity=IDENTITIES)
    def remove(self, room, identity):
        request = pb.RoomParticipantIdentity(room=room, identity=identity)
        if room in self.places and self.places[room].people.pop(identity, None):
            self.engine.call(self.engine.api.remove_participant, request)
            self.settle()
        else:
            self.refused(lambda: self.engine.call(self.engine.api.remove_participant, request))

    @rule(room=ROOMS, identity=IDENTITIES, name=st.sampled_from(["n", "m", "n" * 11]))
    def rename(self, room, identity, name):
        person = self.places[room].people.get(identity) if room in self.places else None
        if person is None or person.origin or len(name) > 10:
            self.refused(lambda: self.engine.update(identity, room, name=name, attributes={"k": "v"}))
        else:
            self.engine.update(identity, room, name=name)
            person.name = name
            self.settle()

    @rule(room=ROOMS, identity=IDENTITIES, publish=st.booleans())
    def permit(self, room, identity, publish):
        person = self.places[room].people.get(identity) if room in self.places else None
        assume(person and person.flavour == "plain" and not person.origin)
        permission = pb.ParticipantPermission(can_subscribe=True, can_publish=publish, can_publish_data=publish)
        changed = person.handle.permission != permission
        self.engine.update(identity, room, permission=permission)
        person.flavour = "plain" if publish else "silent"
        if not publish:
            person.tracks.clear()
        if changed:
            person.publisher = publish and (person.active or person.publisher)
        self.settle()

    @rule(room=ROOMS, metadata=st.sampled_from(["", "m", "m" * 11]))
    def describe(self, room, metadata):
        request = pb.UpdateRoomMetadataRequest(room=room, metadata=metadata)
        if room not in self.places or len(metadata) > 10:
            self.refused(lambda: self.engine.call(self.engine.api.update_room_metadata, request))
        else:
            self.engine.call(self.engine.api.update_room_metadata, request)
            self.places[room].metadata = metadata

    @rule(data=st.data(), to=ROOMS)
    def move(self, data, to):
        person = self.somebody(data)
        source = self.whereabouts(person)
        name = next(name for name, place in self.places.items() if place is source)
        request = pb.MoveParticipantRequest(room=name, identity=person.identity, destination_room=to)
        if to == name or (to in self.places and self.full(self.places[to], person)):
            self.refused(lambda: self.engine.call(self.engine.api.move_participant, request))
            return
        self.engine.call(self.engine.api.move_participant, request)
        del source.people[person.identity]
        people = self.place(to).people
        people.pop(person.identity, None)
        people[person.identity] = person
        self.settle()

    @rule(data=st.data(), to=ROOMS)
    def forward(self, data, to):
        person = self.somebody(data)
        name = next(name for name, place in self.places.items() if place is self.whereabouts(person))
        request = pb.ForwardParticipantRequest(room=name, identity=person.identity, destination_room=to)
        there = self.places[to].people.get(person.identity) if to in self.places else None
        if (
            to == name
            or (there and there.origin is not person)
            or (to in self.places and self.full(self.places[to], person))
        ):
            self.refused(lambda: self.engine.call(self.engine.api.forward_participant, request))
            return
        self.engine.call(self.engine.api.forward_participant, request)
        mirror = Person(person.identity, person.flavour, publisher=False, origin=person)
        self.place(to).people.setdefault(person.identity, mirror)
        self.settle()

    @rule(seconds=st.integers(1, 20))
    def wait(self, seconds):
        self.engine.pass_time(seconds)
        for name in [name for name, place in self.places.items() if place.due is not None and place.due <= self.time]:
            del self.places[name]
        self.settle()

    # what always holds

    @invariant()
    def reads_see_writes(self):
        rooms = self.engine.api.list_rooms(pb.ListRoomsRequest()).rooms
        assert {room.name for room in rooms} == set(self.places)
        for room in rooms:
            place, people = self.places[room.name], self.places[room.name].people.values()
            assert room.num_participants == sum(person.counted for person in people)
            assert room.num_publishers == sum(person.publisher for person in people)
            assert room.active_recording == any(person.flavour == "recorder" for person in people)
            assert room.metadata == place.metadata
            assert not place.limit or room.num_participants <= place.limit
            self.check_people(room.name, place)

    def check_people(self, room, place):
        infos = self.engine.api.list_participants(pb.ListParticipantsRequest(room=room)).participants
        assert [info.identity for info in infos] == list(place.people)
        for info, person in zip(infos, place.people.values(), strict=True):
            assert (info.state.name == "ACTIVE") == person.active
            assert (info.name, info.is_publisher) == (person.name, person.publisher)
            assert [track.muted for track in info.tracks] == list(person.tracks.values())
            if person.origin is None:
                assert [track.sid for track in info.tracks] == list(person.tracks)

    @invariant()
    def the_next_time_out_is_the_earliest(self):
        dues = [place.due for place in self.places.values() if place.due is not None]
        assert self.engine.rooms.next_timeout() == (min(dues) if dues else None)

    @invariant()
    def histories_are_whole(self):
        self.engine.check()

    @invariant()
    def events_tell_the_state(self):
        """Whoever only follows the events knows who is where, what is published, and who receives it."""
        people, received, last = {}, set(), {}
        for event in self.engine.history:
            last[event.room.name] = event
            kind, room = type(event).__name__, event.room.sid
            sid = event.participant.sid if hasattr(event, "participant") else ""
            if kind == "ParticipantJoined":
                assert (room, sid) not in people
                people[room, sid] = {}
            elif sid:
                assert (room, sid) in people, "joined comes first, left comes last"
            if kind == "ParticipantLeft":
                assert people.pop((room, sid)) == {}, "tracks end before their publisher leaves"
            elif kind == "TrackPublished":
                people[room, sid][event.track.sid] = event.track
            elif kind == "TrackUnpublished":
                del people[room, sid][event.track.sid]
            elif kind == "TrackSubscribed":
                received.add((event.track.sid, event.subscriber))
            elif kind == "TrackUnsubscribed":
                received.remove((event.track.sid, event.subscriber))
        present = {(room.sid, p.sid): set(p.tracks) for room in self.engine.rooms for p in room.participants.values()}
        assert present == {key: set(tracks) for key, tracks in people.items()}
        assert received == {
            (track.sid, room.sids[subscriber].identity)
            for room in self.engine.rooms
            for p in room.participants.values()
            for track in p.tracks.values()
            for subscriber in track.subscribers
        }
        for room in self.engine.rooms:
            assert last[room.name].room == room.snapshot()

    @precondition(lambda self: self.places)
    @invariant()
    def clients_know_what_is_so(self):
        """What each client was told adds up to the others that it may see, and to the room as it is."""
        for room in self.engine.rooms:
            for participant in room.participants.values():
                if participant.origin is None:
                    known, told = self.view(participant)
                    visible = {o.identity: o.info() for o in room.others(participant) if not o.permission.hidden}
                    assert known == visible
                    assert told == room.snapshot()

    def view(self, participant):
        known, room = {}, None
        for message in self.engine.inbox[participant]:
            if not isinstance(message, pb.SignalResponse):
                continue
            if start := message.join or message.room_moved:
                known, room = {info.identity: info for info in start.other_participants}, start.room
            elif message.room_update:
                room = message.room_update.room
            elif message.update:
                known |= {info.identity: info for info in message.update.participants}
        known.pop(participant.identity, None)
        return {name: info for name, info in known.items() if info.state.name != "DISCONNECTED"}, room


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(
    max_examples=120, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)
