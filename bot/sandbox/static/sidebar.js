// The list of people and groups, with what was said last.

import { avatar, el, icon, iconButton } from "./dom.js";
import { askForUser } from "./dialogs.js";
import { lang, shortDay, t } from "./texts.js";

export class Sidebar {
  constructor(node, page) {
    this.node = node;
    this.page = page;
  }

  draw() {
    const { page } = this;
    const dark = document.documentElement.dataset.theme === "dark";
    const language = el("button", { type: "button", class: "icon-button text", title: t("pageLanguage"), "aria-label": t("pageLanguage"), onclick: () => page.switchLanguage() }, lang() === "en" ? "한" : "EN");
    this.list = el("ul", { class: "people" });
    this.node.replaceChildren(
      el(
        "div",
        { class: "side-head" },
        el("img", { src: "/static/icon.svg", alt: "" }),
        el("div", { class: "side-title" }, el("b", {}, page.bot?.first_name ?? "Leverframe"), el("small", { title: t("subtitle") }, page.bot ? t("subtitle") : t("noBot"))),
        language,
        iconButton(dark ? "sun" : "moon", t("theme"), () => page.switchTheme()),
      ),
      this.list,
      el("div", { class: "side-foot" }, el("button", { type: "button", class: "button wide", onclick: () => askForUser((user) => page.made(user)) }, icon("plus"), t("addUser"))),
    );
    this.drawList();
  }

  drawList() {
    const chats = [...this.page.chats.values()].sort((a, b) => (b.last?.seq ?? 0) - (a.last?.seq ?? 0));
    const focused = document.activeElement?.dataset?.chat;
    this.list.replaceChildren(...chats.map((chat) => el("li", {}, this.row(chat))));
    if (focused) this.list.querySelector(`[data-chat="${CSS.escape(focused)}"]`)?.focus();
  }

  row(chat) {
    const { last } = chat;
    const name = chat.title ?? chat.first_name;
    const tag = chat.group ? t("group") : chat.language_code;
    return el(
      "button",
      { type: "button", class: "person", "data-chat": chat.name, "aria-pressed": String(this.page.isOpen(chat)), onclick: () => this.page.toggle(chat) },
      avatar(name),
      el(
        "span",
        { class: "person-body" },
        el("span", { class: "person-row" }, el("span", { class: "person-name" }, name, el("span", { class: "tag" }, tag)), last && el("time", {}, shortDay(last.date))),
        el("span", { class: "person-row" }, el("span", { class: "person-last" }, preview(last)), chat.unread ? el("span", { class: "badge" }, String(chat.unread)) : null),
      ),
    );
  }
}

function preview(entry) {
  if (!entry) return "";
  const what = entry.text || entry.caption;
  const kind = entry.photo_url ? "🖼 " : entry.document_url ? "📄 " : "";
  const who = entry.from === "user" ? `${t("you")}: ` : "";
  return `${who}${kind}${what || (entry.photo_url ? t("photo") : entry.document_url ? entry.document.name : "")}`.replaceAll("\n", " ").slice(0, 80);
}
