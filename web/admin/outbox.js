// The webhooks that wait and those that were given up, and letting the latter be delivered again.

import { $, arrange, button, complain, element, write } from "./dom.js";
import { count, plain, time } from "./words.js";

const section = $("#outbox");
const title = $("h2", section);

function describe({ pending, dead, last_error: error, oldest }) {
  const parts = [
    `${pending} waiting`,
    `${dead} given up`,
    oldest ? `the oldest since ${time(oldest)}` : "",
    error ? `last error: ${error}` : "",
  ];
  return parts.filter(Boolean).join(" · ");
}

function describeDead({ sequence, url, attempts, since, error }) {
  const parts = [`no. ${sequence}`, url, `since ${time(since)}`, count(attempts, "try", "tries"), error];
  return parts.filter(Boolean).join(" · ");
}

/** Let dead letters be delivered again: those of a URL, one of them, or all; and say how many there were. */
export async function replay(state, which = {}) {
  await state.tried(async () => {
    const { replayed } = await state.api.do(`/admin/outbox/replay?${new URLSearchParams(which)}`);
    write($(".told", section), replayed ? `${count(replayed, "event")} will be delivered again.` : "Nothing of that is given up any more.");
  });
  await state.changed();
  if (document.activeElement === document.body) title.focus(); // the button is gone
}

function card(state, text, label, which) {
  const again = button(text, async () => {
    again.disabled = true;
    await replay(state, which);
    again.disabled = false;
  });
  again.ariaLabel = `${text} ${label}`;
  return element("li", { className: "card" }, element("b"), element("span", { className: "soft" }), element("div", { className: "bar" }, again));
}

/** Show what the server answered about its outbox: `{urls: [{url, pending, dead, …}], dead: [{sequence, url, …}]}`. */
export function showOutbox(state, outbox, sentence) {
  const { urls = [], dead = [] } = outbox ?? {};
  arrange($(".cards", section), urls, {
    key: ({ url }) => url,
    make: ({ url }) => card(state, "Replay for this URL", url, { url }),
    show: (item, one) => {
      write(item.children[0], one.url);
      write(item.children[1], describe(one));
      item.children[2].hidden = !one.dead;
    },
  });
  arrange($(".dead", section), dead, {
    key: ({ sequence, url }) => `${sequence} ${url}`,
    make: ({ sequence, url, event, room }) => card(state, "Replay", `${plain(event)} of ${room || "no room"}, no. ${sequence}`, { sequence, url }),
    show: (item, one) => {
      write(item.children[0], `${one.room || "no room"} · ${plain(one.event)}`);
      write(item.children[1], describeDead(one));
    },
  });
  const [waiting, gone] = ["pending", "dead"].map((name) => urls.reduce((sum, one) => sum + one[name], 0));
  write($(".count", section), urls.length ? `${count(waiting, "event")} waiting, ${gone} given up` : "");
  complain($(".empty", section), sentence || (urls.length ? "" : "No webhooks are configured."));
  complain($(".more", section), gone > dead.length ? `${gone - dead.length} more are older.` : "");
  for (const shown of [$("h3", section), $("[data-do=replay]", section)]) shown.hidden = !dead.length;
}
