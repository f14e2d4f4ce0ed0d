// The page: who is here, which chats are open, and the events that keep them live.

import { alertBox, userForm } from "./dialogs.js";
import { el, toast } from "./dom.js";
import { listen } from "./net.js";
import { Pane } from "./pane.js";
import { Sidebar } from "./sidebar.js";
import { lang, switchLanguage, t } from "./texts.js";

const root = document.documentElement;
const narrow = () => matchMedia("(max-width: 720px)").matches;

class Page {
  constructor() {
    this.bot = null;
    this.chats = new Map();
    this.panes = new Map();
    this.area = document.getElementById("panes");
    this.frame = document.getElementById("app");
    this.sidebar = new Sidebar(document.getElementById("sidebar"), this);
    this.wanted = this.remembered();
    root.lang = lang();
  }

  remembered() {
    const asked = new URLSearchParams(location.search).get("users");
    if (asked) return asked.split(",");
    try {
      return JSON.parse(localStorage.getItem("open")) ?? [];
    } catch {
      return [];
    }
  }

  hello({ bot, users, groups }) {
    this.bot = bot;
    const known = new Map(this.chats);
    this.chats.clear();
    for (const user of users) this.keep(user.id, { ...known.get(user.id), ...user });
    for (const group of groups) this.keep(group.id, { ...known.get(group.id), ...group, group: true });
    for (const pane of this.panes.values()) {
      pane.drawHead();
      pane.composer.refresh();
      pane.load();
    }
    this.sidebar.draw();
    for (const chat of this.chats.values()) if (this.wanted.includes(chat.name) && !this.isOpen(chat)) this.open(chat);
    this.wanted = [];
    this.draw();
  }

  keep(id, chat) {
    const old = this.chats.get(id) ?? this.panes.get(id)?.chat;
    if (old) Object.assign(old, chat);
    this.chats.set(id, old ?? { unread: 0, ...chat });
  }

  isOpen(chat) {
    return this.panes.has(chat.id);
  }

  toggle(chat) {
    if (narrow()) this.open(chat);
    else if (this.isOpen(chat)) this.close(chat);
    else this.open(chat);
  }

  open(chat) {
    let pane = this.panes.get(chat.id);
    if (!pane) {
      pane = new Pane(chat, this);
      this.panes.set(chat.id, pane);
      this.area.append(pane.node);
      pane.load();
    }
    for (const other of this.panes.values()) other.node.classList.toggle("front", other === pane);
    chat.unread = 0;
    this.frame.classList.add("chatting");
    this.draw();
    pane.toBottom();
    if (!narrow()) pane.composer.input.focus({ preventScroll: true });
    pane.node.scrollIntoView({ inline: "nearest", block: "nearest" });
  }

  close(chat) {
    this.panes.get(chat.id)?.node.remove();
    this.panes.delete(chat.id);
    this.frame.classList.remove("chatting");
    this.draw();
  }

  /** On a phone: from the chat to the list. */
  back() {
    this.frame.classList.remove("chatting");
    for (const pane of this.panes.values()) pane.node.classList.remove("front");
    this.draw();
  }

  made(user) {
    this.keep(user.id, user);
    this.open(this.chats.get(user.id));
  }

  draw() {
    localStorage.setItem("open", JSON.stringify([...this.panes.values()].map((pane) => pane.chat.name)));
    this.frame.classList.toggle("empty", !this.chats.size);
    this.area.querySelector(".welcome")?.remove();
    if (!this.panes.size) this.area.append(this.welcome());
    this.sidebar.drawList();
  }

  welcome() {
    const logo = el("img", { src: "/static/icon.svg", alt: "" });
    if (this.chats.size) return el("div", { class: "welcome" }, logo, el("h1", {}, t("pickTitle")), el("p", {}, t("pick")));
    const points = t("welcomePoints").map((point) => el("li", {}, point));
    return el("div", { class: "welcome" }, logo, el("h1", {}, t("welcomeTitle")), el("p", {}, t("welcomeBody")), el("ul", {}, ...points), userForm((user) => this.made(user)));
  }

  visible(pane) {
    return pane && (!narrow() || pane.node.classList.contains("front")) && !document.hidden;
  }

  entry(chatId, entry) {
    const chat = this.chats.get(chatId);
    if (!chat) return;
    const pane = this.panes.get(chatId);
    const isNew = !entry.deleted && entry.message_id > (chat.newest ?? chat.last?.message_id ?? 0);
    if (isNew) {
      chat.newest = entry.message_id;
      chat.last = entry;
      if (entry.from === "bot" && !this.visible(pane)) chat.unread += 1;
    } else if (chat.last?.message_id === entry.message_id) {
      const left = [...(pane?.entries.values() ?? [])].filter((one) => one.message_id !== entry.message_id);
      chat.last = entry.deleted ? (left.at(-1) ?? null) : entry;
    }
    pane?.take(entry);
    this.sidebar.drawList();
    this.mark();
  }

  mark() {
    const unread = [...this.chats.values()].reduce((sum, chat) => sum + (chat.unread ?? 0), 0);
    document.title = unread ? `(${unread}) Leverframe sandbox` : "Leverframe sandbox";
  }

  answer({ user, callback_id: id, text, show_alert: alert, url }) {
    for (const pane of this.panes.values()) {
      pane.answered(id);
      if (pane.speaker() !== user) continue;
      if (url) pane.act("open", url);
      if (text && alert) alertBox(this.bot?.first_name ?? "", text);
      else if (text) toast(text);
    }
  }

  onEvent = (event) => {
    if (event.type === "hello") this.hello(event);
    else if (event.type === "entry") this.entry(event.chat, event.entry);
    else if (event.type === "action") this.panes.get(event.chat)?.doing(event.action);
    else if (event.type === "answer") this.answer(event);
    else if (event.type === "commands") for (const pane of this.panes.values()) pane.composer.refresh();
    else if (event.type === "bot") {
      this.bot ??= event.bot;
      if (this.bot.id === event.bot.id) this.bot = event.bot;
      for (const pane of this.panes.values()) pane.drawHead();
      this.sidebar.draw();
    } else if (event.type === "user" || event.type === "group") this.person(event);
  };

  person({ type, user, group }) {
    const chat = type === "user" ? user : { ...group, group: true };
    this.keep(chat.id, chat);
    this.panes.get(chat.id)?.changed(chat);
    this.draw();
  }

  switchLanguage() {
    switchLanguage();
    root.lang = lang();
    this.sidebar.draw();
    for (const pane of this.panes.values()) pane.retext();
    this.draw();
  }

  switchTheme() {
    setTheme(root.dataset.theme === "dark" ? "light" : "dark");
    localStorage.setItem("theme", root.dataset.theme);
    this.sidebar.draw();
  }
}

function setTheme(theme) {
  root.dataset.theme = theme;
}

const system = matchMedia("(prefers-color-scheme: dark)");
const chosen = new URLSearchParams(location.search).get("theme") ?? localStorage.getItem("theme");
setTheme(chosen ?? (system.matches ? "dark" : "light"));
const page = new Page();
system.addEventListener("change", () => {
  if (!localStorage.getItem("theme")) setTheme(system.matches ? "dark" : "light");
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  for (const pane of page.panes.values()) if (page.visible(pane)) pane.chat.unread = 0;
  page.sidebar.list && page.sidebar.drawList();
  page.mark();
});
listen(page.onEvent, (offline) => {
  const bar = document.getElementById("offline");
  bar.hidden = !offline;
  bar.textContent = t("offline");
});
