// Calls every room method through the official JavaScript server SDK and checks what each call did.
// Prints `ok <method> <what>` per check and `passed <count>` at the end; see ../README.md.

import { isDeepStrictEqual } from 'node:util';
import { AccessToken, DataPacket_Kind, LiveKitAPI, ServerError, TrackSource } from 'livekit-server-sdk';

const { LIVEKIT_URL: host, LIVEKIT_API_KEY: apiKey, LIVEKIT_API_SECRET: secret } = process.env;
const { CONTROL_URL: controlUrl, ROOM_PREFIX: prefix } = process.env;
const lounge = `${prefix}-lounge`;
const annex = `${prefix}-annex`;
const metadataLimit = 512 * 1024;

const livekit = new LiveKitAPI({ host, apiKey, secret });
const rooms = livekit.room;
let passed = 0;

function check(method, what, seen, expected) {
  if (!isDeepStrictEqual(seen, expected)) {
    console.error(`FAILED ${method} ${what}: ${JSON.stringify(seen)} instead of ${JSON.stringify(expected)}`);
    process.exit(1);
  }
  passed += 1;
  console.log('ok', method, what);
}

// The endpoint that lets participants join and tells what they saw: one line of text each.
async function control(method, path, query, headers = {}) {
  const response = await fetch(`${controlUrl}${path}?${new URLSearchParams(query)}`, { method, headers });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`FAILED control ${method} ${path}: ${response.status} ${text}`);
  }
  return text.split('\n').filter((line) => line !== '');
}

async function join(identity, name, query = {}) {
  const claims = { identity, name, metadata: 'from the token', attributes: { seat: '1' } };
  const token = new AccessToken(apiKey, secret, claims);
  token.addGrant({ roomJoin: true, room: lounge });
  await control('POST', '/join', query, { Authorization: `Bearer ${await token.toJwt()}` });
}

async function roomNames() {
  const found = await rooms.listRooms([lounge, annex]);
  return found.map(({ name }) => name).sort();
}

async function identities(room) {
  const participants = await rooms.listParticipants(room);
  return participants.map(({ identity }) => identity).sort();
}

// The status and the code of the SDK's own error; undefined when the call succeeded.
async function errorOf(call) {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    return [error.status, error.code];
  }
}

async function checkRooms() {
  const settings = { name: lounge, metadata: 'first', maxParticipants: 7, emptyTimeout: 60 };
  const { sid, name, metadata, maxParticipants, emptyTimeout } = await rooms.createRoom(settings);
  check('CreateRoom', 'answers with the settings it was given',
    { name, metadata, maxParticipants, emptyTimeout }, settings);
  check('CreateRoom', 'answers the same room the second time', (await rooms.createRoom(settings)).sid, sid);

  await rooms.createRoom({ name: annex });
  check('ListRooms', 'finds both rooms', await roomNames(), [annex, lounge]);

  await rooms.updateRoomMetadata(lounge, 'second');
  const [listed] = await rooms.listRooms([lounge]);
  check('UpdateRoomMetadata', 'shows in ListRooms', listed.metadata, 'second');
}

async function checkParticipants() {
  await join('alice', 'Alice', { publish: 'microphone' });
  await join('bob', 'Bob');

  let alice = await rooms.getParticipant(lounge, 'alice');
  check('AccessToken', 'carries name, metadata and attributes into the room',
    [alice.name, alice.metadata, alice.attributes], ['Alice', 'from the token', { seat: '1' }]);
  check('ListParticipants', 'lists both', await identities(lounge), ['alice', 'bob']);
  check('GetParticipant', 'shows the published track',
    alice.tracks.map(({ source }) => source), [TrackSource.MICROPHONE]);

  const track = alice.tracks[0].sid;
  await rooms.mutePublishedTrack(lounge, 'alice', track, true);
  alice = await rooms.getParticipant(lounge, 'alice');
  check('MutePublishedTrack', 'shows in GetParticipant', alice.tracks[0].muted, true);

  await rooms.updateParticipant(lounge, 'alice', {
    name: 'Alicia',
    metadata: 'from the API',
    attributes: { mood: 'calm' },
    permission: { canSubscribe: true, canPublish: true, canPublishData: false },
  });
  alice = await rooms.getParticipant(lounge, 'alice');
  const { canPublish, canPublishData } = alice.permission;
  check('UpdateParticipant', 'shows in GetParticipant',
    [alice.name, alice.metadata, alice.attributes, canPublish, canPublishData],
    ['Alicia', 'from the API', { seat: '1', mood: 'calm' }, true, false]);

  for (const [subscribe, what] of [[false, 'unsubscribes'], [true, 'subscribes again']]) {
    await rooms.updateSubscriptions(lounge, 'bob', [track], subscribe);
    const subscribed = await control('GET', '/subscriptions', { room: lounge, identity: 'bob' });
    check('UpdateSubscriptions', what, subscribed, subscribe ? [track] : []);
  }

  const options = { topic: 'greeting', destinationIdentities: ['bob'] };
  await rooms.sendData(lounge, new TextEncoder().encode('hello'), DataPacket_Kind.RELIABLE, options);
  const inbox = (identity) => control('GET', '/inbox', { room: lounge, identity });
  check('SendData', 'reaches its addressee only', [await inbox('alice'), await inbox('bob')], [[], ['greeting hello']]);
}

async function checkMoves() {
  const present = async () => [await identities(lounge), await identities(annex)];

  await rooms.forwardParticipant(lounge, 'alice', annex);
  check('ForwardParticipant', 'shows in both rooms', await present(), [['alice', 'bob'], ['alice']]);
  await rooms.moveParticipant(lounge, 'bob', annex);
  check('MoveParticipant', 'changes the room', await present(), [['alice'], ['alice', 'bob']]);
  await rooms.removeParticipant(lounge, 'alice');
  check('RemoveParticipant', 'shows in ListParticipants', await identities(lounge), []);
}

async function checkDispatches() {
  const dispatches = livekit.agentDispatch;
  const listed = async (id) => (await dispatches.listDispatch(lounge)).some((dispatch) => dispatch.id === id);

  const { id, agentName, room, metadata } = await dispatches.createDispatch(lounge, 'scribe', { metadata: 'minutes' });
  check('CreateDispatch', 'answers with the agent', [agentName, room, metadata], ['scribe', lounge, 'minutes']);
  check('ListDispatch', 'lists it', await listed(id), true);
  await dispatches.deleteDispatch(id, lounge);
  check('DeleteDispatch', 'takes it off the list', await listed(id), false);
}

async function checkDeletion() {
  await rooms.deleteRoom(lounge);
  check('DeleteRoom', 'shows in ListRooms', await roomNames(), [annex]);
}

async function checkErrors() {
  const stranger = new LiveKitAPI({ host, apiKey, secret: `${secret}?` }).room;
  check('ListRooms', 'refuses a wrong secret', await errorOf(stranger.listRooms()), [401, 'unauthenticated']);
  check('GetParticipant', 'misses an absent participant',
    await errorOf(rooms.getParticipant(annex, 'carol')), [404, 'not_found']);
  check('UpdateRoomMetadata', 'refuses metadata above the limit',
    await errorOf(rooms.updateRoomMetadata(annex, 'x'.repeat(metadataLimit + 1))), [400, 'invalid_argument']);
}

await checkRooms();
await checkParticipants();
await checkMoves();
await checkDispatches();
await checkDeletion();
await checkErrors();
await rooms.deleteRoom(annex);
console.log('passed', passed);
