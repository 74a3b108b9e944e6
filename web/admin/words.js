// Messages of the API in words.

export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

/** `SCREEN_SHARE` as "screen share". */
export const plain = (name) => String(name).replaceAll("_", " ").toLowerCase();

/** A time in whole seconds since 1970 (a number or its digits): the hour today, the date before. */
export function time(seconds) {
  const when = new Date(Number(seconds) * 1000);
  if (!Number(seconds)) return "";
  const hour = when.toLocaleTimeString();
  return when.toDateString() === new Date().toDateString() ? hour : `${when.toLocaleDateString()} ${hour}`;
}

export function bytes(size) {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, Number(size))) / 3));
  return `${(Number(size) / 1000 ** power).toFixed(power ? 1 : 0)} ${units[power]}`;
}

/** A track in one line: "camera · VP8 · 1280×720 · simulcast". */
export function track(info) {
  const parts = [
    info.source === "UNKNOWN" ? plain(info.type) : plain(info.source),
    info.name,
    info.mime_type.split("/").pop(),
    info.width ? `${info.width}×${info.height}` : "",
    info.simulcast ? "simulcast" : "",
    info.encryption === "NONE" ? "" : "encrypted",
    info.sid,
  ];
  return parts.filter(Boolean).join(" · ");
}

const MAY = {
  can_publish: "publish",
  can_publish_data: "send data",
  can_subscribe: "subscribe",
  can_update_metadata: "update itself",
};

/** A participant in one line: its state and what it may do. */
export function participant(info) {
  const may = Object.keys(MAY).filter((name) => info.permission?.[name]);
  const parts = [
    plain(info.state),
    info.kind === "STANDARD" ? "" : plain(info.kind),
    info.permission?.hidden ? "hidden" : "",
    `since ${time(info.joined_at)}`,
    may.length ? `may ${may.map((name) => MAY[name]).join(", ")}` : "may only be here",
    info.sid,
  ];
  return parts.filter(Boolean).join(" · ");
}
