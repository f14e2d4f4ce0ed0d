// One message.

import { copy, el, icon } from "./dom.js";
import { viewPicture } from "./dialogs.js";
import { richText } from "./richtext.js";
import { clock, size, t } from "./texts.js";

/** `pane` gives act(kind, value), tap(entry, button, key), find(message_id) and reveal(message_id). */
export function bubble(entry, pane, before) {
  const out = entry.from === "user" && (!pane.chat.group || entry.sender === pane.speaker());
  const sender = `${entry.from}:${entry.sender ?? ""}`;
  const follows = before && `${before.from}:${before.sender ?? ""}` === sender && entry.date - before.date < 120;
  const classes = ["message", out && "out", follows && "follows", entry.buttons.length && "keyed", entry.photo_url && "pictured"];
  const node = el("div", { class: classes.filter(Boolean).join(" "), "data-message-id": entry.message_id, "data-from": entry.from });
  node.append(body(entry, pane, out));
  if (entry.buttons.length) node.append(keyboard(entry.buttons, (button, key) => pane.tap(entry, button, key)));
  return node;
}

function body(entry, pane, out) {
  const box = el("div", { class: "bubble" });
  if (pane.chat.group && !out) box.append(el("div", { class: "sender" }, entry.sender ?? pane.botName()));
  if (entry.reply_to) box.append(reply(entry, pane));
  if (entry.photo_url) box.append(photo(entry));
  if (entry.document_url) box.append(file(entry));
  const text = entry.text || entry.caption;
  if (text) {
    const big = /^\p{Extended_Pictographic}{1,3}$/u.test(text);
    const content = el("div", { class: big ? "content emoji" : "content" });
    content.append(richText(text, entry.entities, pane.act), meta(entry));
    box.append(content);
  } else if (entry.photo_url) {
    box.classList.add("photo-only");
    box.append(meta(entry));
  } else box.append(el("div", { class: "content bare" }, meta(entry)));
  if (entry.reactions) box.append(el("span", { class: "reaction" }, entry.reactions.join("")));
  return box;
}

function meta(entry) {
  const time = clock(entry.date);
  const node = el("span", { class: "meta" });
  if (entry.protected) node.append(el("span", { class: "lock" }, "🔒"));
  node.append(entry.edited ? `${t("edited")} ${time}` : time);
  return node;
}

function photo(entry) {
  const { width, height } = entry.photo ?? {};
  const image = el("img", { src: entry.photo_url, width, height, alt: entry.caption || t("photo"), loading: "lazy" });
  const button = el("button", { type: "button", class: `photo${entry.spoiler ? " spoiled" : ""}`, "aria-label": t("photo") }, image);
  button.addEventListener("click", () => {
    if (button.classList.contains("spoiled")) button.classList.remove("spoiled");
    else viewPicture(entry.photo_url);
  });
  return button;
}

function file(entry) {
  return el(
    "a",
    { class: "document", href: entry.document_url, download: entry.document.name },
    el("span", { class: "document-icon" }, icon("file")),
    el("span", {}, el("b", {}, entry.document.name), el("small", {}, size(entry.document.size))),
  );
}

function reply(entry, pane) {
  const original = pane.find(entry.reply_to);
  const text = original ? original.text || original.caption || t("photo") : "…";
  return el("button", { type: "button", class: "reply", onclick: () => pane.reveal(entry.reply_to) }, text);
}

const CORNERS = { url: "link", web_app: "app", copy_text: "copy", login_url: "link" };

/** Rows of buttons, inline or not; `press(button, element)`. */
export function keyboard(rows, press) {
  const keys = el("div", { class: "keys" });
  for (const row of rows) {
    const line = el("div", { class: "key-row" });
    for (const button of row) line.append(key(button, press));
    keys.append(line);
  }
  return keys;
}

function key(button, press) {
  const corner = Object.keys(CORNERS).find((kind) => button[kind]);
  const node = el("button", { type: "button", class: `key ${button.style ?? ""}` }, button.text, corner && icon(CORNERS[corner], "corner"));
  node.addEventListener("click", () => {
    if (button.copy_text) copy(button.copy_text.text, t("copied"));
    else press(button, node);
  });
  return node;
}
