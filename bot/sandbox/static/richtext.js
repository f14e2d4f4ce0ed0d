// A text and its entities -> nodes. Offsets are UTF-16 units, which is what JavaScript counts in.

import { copy, el } from "./dom.js";
import { lang, t } from "./texts.js";

const PLAIN = { bold: "b", italic: "i", underline: "u", strikethrough: "s" };
const SAFE = /^(https?:|tg:|mailto:)/i;

/** `act(kind, value)`: "send" a text to the bot, or "open" a link. */
export function richText(text, entities, act) {
  const sorted = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  const root = document.createDocumentFragment();
  build(root, text, 0, text.length, sorted, act);
  return root;
}

function build(parent, text, start, end, entities, act) {
  let at = start;
  for (let i = 0; i < entities.length; i += 1) {
    const entity = entities[i];
    const from = entity.offset;
    const to = Math.min(from + entity.length, end);
    if (from < at || from >= end || to <= from) continue;
    if (from > at) parent.append(text.slice(at, from));
    const inner = entities.slice(i + 1).filter((other) => other.offset >= from && other.offset + other.length <= to);
    const piece = text.slice(from, to);
    const node = wrap(entity, piece, act);
    if (entity.type === "date_time" && entity.date_time_format) node.append(moment(entity));
    else build(node, text, from, to, inner, act);
    parent.append(node);
    at = to;
    if (isBlock(entity) && text[at] === "\n") at += 1;
  }
  if (at < end) parent.append(text.slice(at, end));
}

const isBlock = (entity) => /blockquote|pre/.test(entity.type);

function wrap(entity, piece, act) {
  if (entity.type in PLAIN) return el(PLAIN[entity.type]);
  return (WRAPPERS[entity.type] ?? (() => el("span")))(entity, piece, act);
}

const WRAPPERS = {
  code: (_entity, piece) => copyable(el("code"), piece),
  pre: (entity, piece) => copyable(el("pre", { "data-language": entity.language }), piece),
  text_link: (entity, _piece, act) => link(entity.url, act),
  url: (_entity, piece, act) => link(piece, act),
  bot_command: (_entity, piece, act) => el("button", { type: "button", class: "act", onclick: () => act("send", piece) }),
  mention: () => el("span", { class: "act" }),
  hashtag: () => el("span", { class: "act" }),
  cashtag: () => el("span", { class: "act" }),
  blockquote: () => el("blockquote"),
  expandable_blockquote: (_entity, piece) => folding(piece),
  spoiler: () => spoiler(),
  date_time: (entity) =>
    el("span", { class: "moment", title: new Intl.DateTimeFormat(lang(), { dateStyle: "full", timeStyle: "long" }).format(new Date(entity.unix_time * 1000)) }),
};

function copyable(node, piece) {
  node.addEventListener("click", () => copy(piece, t("copied")));
  return node;
}

function link(url, act) {
  if (!SAFE.test(url)) return el("span");
  return el("a", {
    href: url,
    target: "_blank",
    rel: "noopener noreferrer",
    onclick: (event) => {
      event.preventDefault();
      act("open", url);
    },
  });
}

function folding(piece) {
  const long = piece.length > 120 || piece.split("\n").length > 3;
  const node = el("blockquote", long ? { class: "folds folded", tabIndex: 0, role: "button", "aria-expanded": "false" } : {});
  const toggle = () => node.setAttribute("aria-expanded", String(!node.classList.toggle("folded")));
  if (long) {
    node.addEventListener("click", toggle);
    node.addEventListener("keydown", (event) => event.key === "Enter" && toggle());
  }
  return node;
}

function spoiler() {
  const node = el("span", { class: "spoiler", tabIndex: 0, role: "button" });
  const show = () => node.classList.add("shown");
  node.addEventListener("click", show);
  node.addEventListener("keydown", (event) => event.key === "Enter" && show());
  return node;
}

/** Formats: r = relative; w weekday, d/D short/long date, t/T short/long time; in the reader's own time zone. */
function moment(entity) {
  const date = new Date(entity.unix_time * 1000);
  const format = entity.date_time_format;
  if (format === "r") return relative(date);
  const options = {};
  if (format.includes("w")) options.weekday = "short";
  if (format.includes("d")) Object.assign(options, { day: "numeric", month: "numeric", year: "2-digit" });
  if (format.includes("D")) Object.assign(options, { day: "numeric", month: "long", year: "numeric" });
  if (/t/i.test(format)) Object.assign(options, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  if (format.includes("T")) options.second = "2-digit";
  return new Intl.DateTimeFormat(lang(), options).format(date);
}

function relative(date) {
  const seconds = (date.getTime() - Date.now()) / 1000;
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const [unit, length] = units.find(([, one]) => Math.abs(seconds) >= one) ?? units[3];
  return new Intl.RelativeTimeFormat(lang(), { numeric: "auto" }).format(Math.round(seconds / length), unit);
}
