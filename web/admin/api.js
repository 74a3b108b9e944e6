// Calls of the server's API, as any other client makes them.

/** What the server said when it refused. */
export class Refusal extends Error {
  constructor(code, sentence) {
    super(sentence);
    this.code = code;
  }
}

const DEADLINE_MS = 15_000;

export class Api {
  constructor(session) {
    this.session = session;
  }

  /** A method of a service; `room` is the one that the token must be for. Raises Refusal. */
  async call(service, method, message, room = "") {
    const answer = await this.#fetch(`/twirp/livekit.${service}/${method}`, room, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(message),
    });
    return answer.json();
  }

  room(method, message, room = message.room ?? "") {
    return this.call("RoomService", method, message, room);
  }

  /** A page of the server's that answers JSON. */
  async look(path, room = "") {
    return (await this.#fetch(path, room, {})).json();
  }

  /** Have a page of the server's do something; what it answers. */
  async do(path) {
    return (await this.#fetch(path, "", { method: "POST" })).json();
  }

  async #fetch(path, room, request) {
    const headers = { ...request.headers, Authorization: `Bearer ${await this.session.token(room)}` };
    let answer;
    try {
      answer = await fetch(path, { ...request, headers, signal: AbortSignal.timeout(DEADLINE_MS) });
    } catch (error) {
      throw new Refusal("unreachable", error.name === "TimeoutError" ? "The server does not answer." : "The server cannot be reached.");
    }
    if (answer.ok) return answer;
    const text = await answer.text();
    throw refusal(answer.status, text);
  }
}

function refusal(status, text) {
  try {
    const { code, msg } = JSON.parse(text);
    return new Refusal(code, msg || code);
  } catch {
    return new Refusal(String(status), text.trim() || `The server answers ${status}.`);
  }
}
