// The server's stream of events: read with a header for the token, which `EventSource` cannot send.

const WAITS_MS = [500, 1000, 2000, 5000, 10_000];

/** One event of a stream: its lines by name. */
function parsed(lines) {
  const event = { event: "message", data: "" };
  for (const line of lines) {
    const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line);
    if (name) event[name] = value; // without a name it is a comment
  }
  return event;
}

async function* events(body) {
  let rest = "";
  let lines = [];
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    const complete = (rest + piece).split(/\r\n|\n/);
    rest = complete.pop();
    for (const line of complete) {
      if (line) lines.push(line);
      else {
        yield parsed(lines);
        lines = [];
      }
    }
  }
}

/**
 * Follow the stream until `stopped` aborts. `happened` is given each event, `live` whether the stream stands.
 *
 * A server that has no stream, or none for this token, is asked no more.
 */
export async function follow(session, stopped, { happened, live }) {
  const query = session.listsRooms ? "" : `?${new URLSearchParams({ room: session.room })}`;
  let last = "";
  for (let failures = 0; !stopped.aborted; failures += 1) {
    try {
      const headers = { Authorization: `Bearer ${await session.token(session.room)}`, ...(last && { "Last-Event-ID": last }) };
      const answer = await fetch(`/events${query}`, { headers, signal: stopped });
      if (!answer.ok && answer.status < 500) return;
      if (!answer.ok) throw new Error(answer.statusText);
      failures = -1;
      live(true);
      for await (const event of events(answer.body)) {
        last = event.id ?? last;
        if (event.data) happened(event);
      }
    } catch {
      // it broke, or the server is away: again in a moment
    }
    live(false);
    await new Promise((resume) => setTimeout(resume, WAITS_MS[Math.min(Math.max(failures, 0), WAITS_MS.length - 1)]));
  }
}
