// Who is signed in: a token as it was given, or tokens that are made here of an API key and its secret.

const PLACE = "roomwright-admin";
const HOLDS_S = 600;
const encoder = new TextEncoder();

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function claimsOf(token) {
  try {
    const bytes = Uint8Array.from(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new Error("This is not a token: it has three parts with dots between them.");
  }
}

/** A token that somebody else made. It is good for what it says, so one room at most can be administered. */
class Given {
  constructor(token) {
    const claims = claimsOf(token);
    const video = claims.video ?? {};
    this.kept = { token };
    this.name = claims.name || claims.sub || claims.iss || "a token";
    this.listsRooms = Boolean(video.roomList);
    this.room = video.roomAdmin ? (video.room ?? "") : "";
    this.token = async () => token;
  }
}

/** A key and its secret: a token is made for each room. */
class Made {
  #signing;
  #tokens = new Map();

  constructor(key, secret) {
    if (!crypto.subtle) {
      throw new Error("Browsers sign tokens on https and on this machine only. Sign in with a token instead.");
    }
    this.kept = { key, secret };
    this.name = key;
    this.listsRooms = true;
    this.room = "";
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    this.#signing = crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["sign"]);
  }

  async token(room = "") {
    const now = Math.floor(Date.now() / 1000);
    const before = this.#tokens.get(room);
    if (before && before.until - now > HOLDS_S / 4) return before.token;
    const token = await this.#sign(room, now);
    this.#tokens.set(room, { token, until: now + HOLDS_S });
    return token;
  }

  async #sign(room, now) {
    const video = { roomCreate: true, roomList: true, roomRecord: true, roomAdmin: true, ...(room && { room }) };
    const claims = { iss: this.kept.key, sub: "admin", nbf: now - 30, exp: now + HOLDS_S, video };
    const parts = [{ alg: "HS256", typ: "JWT" }, claims].map((part) => base64url(encoder.encode(JSON.stringify(part))));
    const text = parts.join(".");
    const signature = await crypto.subtle.sign("HMAC", await this.#signing, encoder.encode(text));
    return `${text}.${base64url(new Uint8Array(signature))}`;
  }
}

export function signIn({ key, secret, token }, keep = false) {
  const session = token ? new Given(token.trim()) : new Made(key, secret);
  if (keep) sessionStorage.setItem(PLACE, JSON.stringify(session.kept));
  return session;
}

export const signOut = () => sessionStorage.removeItem(PLACE);

/** What signed in earlier in this tab, or null. */
export const kept = () => JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
