// One conversation, seen by one user (or a group, seen by the member who writes).

import { bubble } from "./bubble.js";
import { Composer } from "./composer.js";
import { confirmLink } from "./dialogs.js";
import { avatar, botAvatar, el, icon, iconButton } from "./dom.js";
import * as net from "./net.js";
import { day, t } from "./texts.js";

const PAGE = 150;
const ACTION_MS = 5000;

export class Pane {
  constructor(chat, page) {
    this.chat = chat;
    this.page = page;
    this.entries = new Map();
    this.lastSeq = 0;
    this.shown = PAGE;
    this.unseen = 0;
    this.keyboard = null;
    this.waiting = new Map();
    this.node = el("section", { class: "pane", "data-chat": chat.name, "data-drop": t("drop") });
    this.stuck = true;
    this.frame();
    this.dropping();
  }

  frame() {
    this.status = el("small");
    this.messages = el("div", { class: "messages" });
    this.scroll = el("div", { class: "scroll", tabIndex: -1, role: "log", "aria-live": "polite" }, this.messages);
    this.scroll.addEventListener("scroll", () => this.scrolled(), { passive: true });
    // Pictures that load and keyboards that open must not push the newest message out of sight.
    const follow = new ResizeObserver(() => this.stuck && this.toBottom());
    follow.observe(this.messages);
    follow.observe(this.scroll);
    this.badge = el("span", { class: "badge", hidden: true });
    this.down = el("button", { type: "button", class: "down", hidden: true, "aria-label": t("scrollDown"), onclick: () => this.toBottom() }, icon("down"), this.badge);
    this.composer = new Composer(this);
    this.title = el("b");
    this.head = el("header", { class: "pane-head" });
    this.node.replaceChildren(this.head, el("div", { class: "stage" }, this.scroll, this.down), this.composer.node);
    this.drawHead();
  }

  drawHead() {
    const { chat } = this;
    this.node.dataset.drop = t("drop");
    this.head.replaceChildren(
      iconButton("back", t("back"), () => this.page.back(), "back"),
      chat.group ? avatar(chat.title, true) : botAvatar(),
      el("div", { class: "pane-title" }, el("b", {}, chat.group ? chat.title : this.botName()), this.status),
      avatar(chat.group ? this.speaker() : chat.first_name, true),
      iconButton("more", t("more"), (event) => this.menu(event)),
      iconButton("close", t("close"), () => this.page.close(chat), "close"),
    );
    this.idle();
  }

  botName() {
    return this.page.bot?.first_name ?? "Bot";
  }

  speaker() {
    return this.chat.group ? (this.composer?.who?.value ?? this.chat.members[0]) : this.chat.name;
  }

  find(id) {
    return this.entries.get(id);
  }

  async load() {
    const found = await net.messages(this.speaker(), this.chat, this.lastSeq);
    if (!found.length) return this.redraw();
    for (const entry of found) this.keep(entry);
    this.redraw();
    this.toBottom();
  }

  keep(entry) {
    this.lastSeq = Math.max(this.lastSeq, entry.seq);
    if (entry.deleted) this.entries.delete(entry.message_id);
    else this.entries.set(entry.message_id, entry);
    if (entry.keyboard && !entry.deleted) this.keyboard = entry.keyboard.remove_keyboard ? null : entry.keyboard;
  }

  /** A new entry, live. */
  take(entry) {
    if (entry.seq <= this.lastSeq) return;
    const old = this.entries.get(entry.message_id);
    const stick = this.stuck || entry.from === "user";
    this.keep(entry);
    if (entry.deleted) this.vanish(entry.message_id);
    else if (old) this.replace(entry);
    else this.append(entry, stick);
    if (entry.from === "bot" && !old) this.idle();
    if (entry.keyboard) this.composer.showKeyboard(this.keyboard);
    if (stick) this.toBottom();
  }

  redraw() {
    const all = [...this.entries.values()].sort((a, b) => a.message_id - b.message_id);
    this.messages.replaceChildren();
    this.waiting.clear();
    this.tail = null;
    if (!all.length) this.messages.append(this.begin());
    if (all.length > this.shown) {
      const more = () => this.showEarlier();
      this.messages.append(el("button", { type: "button", class: "earlier button", onclick: more }, t("earlier")));
    }
    for (const entry of all.slice(-this.shown)) this.append(entry, false, false);
    this.composer.showKeyboard(this.keyboard);
  }

  showEarlier() {
    const fromEnd = this.scroll.scrollHeight - this.scroll.scrollTop;
    this.shown += PAGE;
    this.redraw();
    this.scroll.scrollTop = this.scroll.scrollHeight - fromEnd;
  }

  begin() {
    const start = () => this.act("send", "/start");
    return el(
      "div",
      { class: "begin" },
      botAvatar(false),
      el("b", {}, t("beginTitle", this.botName())),
      el("p", {}, t("beginBody", this.chat.first_name ?? this.speaker())),
      el("button", { type: "button", class: "button primary wide", onclick: start }, t("start")),
    );
  }

  append(entry, seen, fresh = true) {
    this.messages.querySelector(".begin")?.remove();
    if (!this.tail || day(this.tail.date) !== day(entry.date)) this.messages.append(el("div", { class: "day" }, day(entry.date)));
    const node = bubble(entry, this, this.tail);
    if (fresh) node.classList.add("fresh");
    this.messages.append(node);
    this.tail = entry;
    if (fresh && !seen && entry.from === "bot") this.count(this.unseen + 1);
  }

  element(id) {
    return this.messages.querySelector(`[data-message-id="${Number(id)}"]`);
  }

  replace(entry) {
    const old = this.element(entry.message_id);
    if (!old) return;
    const node = bubble(entry, this, null);
    node.classList.toggle("follows", old.classList.contains("follows"));
    node.classList.add("changed");
    const focused = old.contains(document.activeElement) && document.activeElement.textContent;
    old.replaceWith(node);
    if (focused) [...node.querySelectorAll("button")].find((button) => button.textContent === focused)?.focus();
    if (this.tail?.message_id === entry.message_id) this.tail = entry;
  }

  vanish(id) {
    const node = this.element(id);
    if (!node) return;
    if (this.tail?.message_id === id) this.tail = [...this.entries.values()].at(-1) ?? null;
    node.style.setProperty("--height", `${node.offsetHeight}px`);
    node.classList.add("going");
    node.removeAttribute("data-message-id");
    setTimeout(() => node.remove(), 270);
  }

  act = (kind, value) => {
    if (kind === "send") return net.say(this.speaker(), this.chat, value);
    const deep = /^(?:https?:\/\/t\.me\/|tg:\/\/resolve\?domain=)(\w+)[?&]start=([\w-]{1,64})$/i.exec(value);
    if (deep && deep[1].toLowerCase() === this.page.bot?.username?.toLowerCase()) return net.say(this.speaker(), this.chat, `/start ${deep[2]}`);
    return confirmLink(value);
  };

  async tap(entry, button, key) {
    const url = button.url ?? button.web_app?.url;
    if (url) return this.act("open", url);
    key.classList.add("waiting");
    const done = await net.tap(this.speaker(), this.chat, entry.message_id, button.callback_data ?? button.text);
    const rest = () => key.classList.remove("waiting");
    if (!done?.callback_id) return rest();
    this.waiting.set(done.callback_id, rest);
    // The answer may have been quicker than the tap's own reply.
    if (this.early?.delete(done.callback_id)) rest();
    return setTimeout(rest, 15000);
  }

  answered(callbackId) {
    this.waiting.get(callbackId)?.();
    if (!this.waiting.delete(callbackId)) (this.early ??= new Set()).add(callbackId);
  }

  doing(action) {
    const text = { upload_photo: t("sendingPhoto"), upload_document: t("sendingFile") }[action] ?? t("typing");
    this.status.className = "typing";
    this.status.replaceChildren(text, el("span", { class: "dots" }, el("i"), el("i"), el("i")));
    clearTimeout(this.actionTimer);
    this.actionTimer = setTimeout(() => this.idle(), ACTION_MS);
  }

  idle() {
    clearTimeout(this.actionTimer);
    this.status.className = "";
    const { chat } = this;
    const language = t("languages")[chat.language_code] ?? chat.language_code;
    this.status.textContent = chat.group ? `${t("group")} · ${chat.members.join(", ")}` : `${t("as", chat.first_name)} · ${language}`;
  }

  menu(event) {
    event.stopPropagation();
    this.node.querySelector(".pane-menu")?.remove();
    const { chat } = this;
    const box = el("div", { class: "pane-menu", role: "menu" });
    const item = (text, run, className = "") =>
      box.append(el("button", { type: "button", role: "menuitem", class: className, onclick: run }, text));
    if (!chat.group) {
      for (const code of ["en", "ko"].filter((one) => one !== chat.language_code))
        item(t("setLanguage", t("languages")[code]), () => net.saveUser(chat.name, { language_code: code }));
      item(t(chat.blocked ? "unblock" : "block"), () => net.block(chat.name, !chat.blocked), chat.blocked ? "" : "danger-text");
    }
    item(t("close"), () => this.page.close(chat));
    this.node.append(box);
    const off = (happened) => {
      if (happened.type === "keydown" && happened.key !== "Escape") return;
      box.remove();
      document.removeEventListener("click", off);
      document.removeEventListener("keydown", off);
    };
    document.addEventListener("click", off);
    document.addEventListener("keydown", off);
    box.firstChild.focus();
  }

  /** The user changed: name, language, blocked. */
  changed(chat) {
    const language = this.chat.language_code;
    Object.assign(this.chat, chat);
    this.drawHead();
    this.composer.blocked();
    if (language !== chat.language_code) this.composer.refresh();
  }

  retext() {
    this.down.setAttribute("aria-label", t("scrollDown"));
    this.composer.render();
    this.drawHead();
    this.redraw();
    this.toBottom();
  }

  atBottom() {
    return this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < 90;
  }

  toBottom() {
    this.stuck = true;
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.down.hidden = true;
    this.count(0);
  }

  scrolled() {
    this.stuck = this.atBottom();
    this.down.hidden = this.stuck;
    if (this.stuck) this.count(0);
  }

  count(unseen) {
    this.unseen = unseen;
    this.badge.hidden = !unseen;
    this.badge.textContent = unseen;
  }

  reveal(id) {
    const node = this.element(id);
    node?.scrollIntoView({ block: "center", behavior: "smooth" });
    node?.classList.add("changed");
  }

  dropping() {
    const over = (on) => (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      this.node.classList.toggle("dropping", on);
    };
    this.node.addEventListener("dragover", over(true));
    this.node.addEventListener("dragleave", over(false));
    this.node.addEventListener("drop", (event) => {
      over(false)(event);
      const [file] = event.dataTransfer?.files ?? [];
      if (file) this.composer.attach(file);
    });
  }
}
