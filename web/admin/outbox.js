// The webhooks that wait, and those that were given up.

import { $, arrange, complain, element, write } from "./dom.js";
import { count, time } from "./words.js";

const section = $("#outbox");

function describe({ pending, dead, last_error: error, oldest }) {
  const parts = [
    `${pending} waiting`,
    `${dead} given up`,
    oldest ? `the oldest since ${time(oldest)}` : "",
    error ? `last error: ${error}` : "",
  ];
  return parts.filter(Boolean).join(" · ");
}

/** Show what the server answered about its outbox: `{urls: [{url, pending, dead, …}]}`. */
export function showOutbox(outbox, sentence) {
  const urls = outbox?.urls ?? [];
  arrange($(".cards", section), urls, {
    key: ({ url }) => url,
    make: () => element("li", { className: "card" }, element("b"), element("span", { className: "soft" })),
    show: (item, one) => {
      write(item.firstChild, one.url);
      write(item.lastChild, describe(one));
    },
  });
  const [pending, dead] = ["pending", "dead"].map((name) => urls.reduce((sum, one) => sum + one[name], 0));
  write($(".count", section), urls.length ? `${count(pending, "event")} waiting, ${dead} given up` : "");
  complain($(".empty", section), sentence || (urls.length ? "" : "No webhooks are configured."));
}
