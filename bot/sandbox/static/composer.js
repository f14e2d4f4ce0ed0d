// Where one writes: text, commands, files, and the bot's reply keyboard.

import { keyboard } from "./bubble.js";
import { el, icon, iconButton, toast } from "./dom.js";
import * as net from "./net.js";
import { t } from "./texts.js";

export class Composer {
  constructor(pane) {
    this.pane = pane;
    this.commands = [];
    this.chosen = -1;
    this.file = null;
    this.node = el("div", { class: "composer" });
    this.render();
    this.refresh();
  }

  render() {
    const draft = this.input?.value ?? "";
    this.list = el("div", { class: "commands", role: "listbox", hidden: true });
    this.attached = el("div", { class: "attached", hidden: true });
    this.input = el("textarea", { rows: 1, placeholder: t("write"), value: draft, "aria-label": t("write"), enterKeyHint: "send" });
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("paste", (event) => {
      const [file] = event.clipboardData?.files ?? [];
      if (file) this.attach(file);
    });
    this.picker = el("input", { type: "file", hidden: true, onchange: () => this.picker.files[0] && this.attach(this.picker.files[0]) });
    const menu = el(
      "button",
      { type: "button", class: "icon-button menu-button", "aria-label": t("menu"), onclick: () => this.toggleMenu() },
      icon("menu"),
      el("span", {}, t("menu")),
    );
    this.menu = menu;
    menu.hidden = !this.commands.length;
    const { group, members } = this.pane.chat;
    this.who = group
      ? el("select", { class: "who", "aria-label": t("speakAs"), onchange: () => this.pane.redraw() }, ...members.map((name) => el("option", {}, name)))
      : null;
    this.keys = el("div", { class: "keyboard", hidden: true });
    const send = iconButton("send", t("send"), () => this.send(), "send");
    this.line = el("div", { class: "line" }, menu, this.who, iconButton("attach", t("attach"), () => this.picker.click()), this.picker, this.input, send);
    this.node.replaceChildren(this.list, this.attached, this.line, this.keys);
    this.blocked();
    this.showKeyboard(this.pane.keyboard);
    this.grow();
  }

  async refresh() {
    this.commands = await net.commands(this.pane.speaker(), this.pane.chat);
    this.menu.hidden = !this.commands.length;
  }

  /** A blocked bot can be unblocked, nothing else. */
  blocked() {
    const old = this.node.querySelector(".blocked");
    old?.remove();
    this.line.hidden = Boolean(this.pane.chat.blocked);
    if (this.pane.chat.blocked) {
      const undo = () => net.block(this.pane.chat.name, false);
      this.node.append(el("div", { class: "blocked" }, el("button", { type: "button", class: "button primary", onclick: undo }, t("unblock"))));
    }
  }

  showKeyboard(markup) {
    const rows = markup?.keyboard ?? [];
    this.keys.hidden = !rows.length;
    this.keys.replaceChildren(keyboard(rows, (button) => this.pane.act("send", button.text)));
    this.input.placeholder = markup?.input_field_placeholder ?? t("write");
  }

  attach(file) {
    this.file = file;
    this.picker.value = "";
    this.attached.hidden = false;
    const drop = iconButton("close", t("remove"), () => this.detach());
    this.attached.replaceChildren(icon("file"), el("b", {}, file.name), drop);
    this.input.focus();
  }

  detach() {
    this.file = null;
    this.attached.hidden = true;
  }

  typed() {
    this.grow();
    const text = this.input.value;
    const open = text.startsWith("/") && !/\s/.test(text);
    this.offer(open ? this.commands.filter(({ command }) => command.startsWith(text.slice(1).toLowerCase())) : []);
  }

  grow() {
    if (!this.input.isConnected) return;
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, 160)}px`;
  }

  toggleMenu() {
    this.offer(this.list.hidden ? this.commands : []);
    this.input.focus();
  }

  offer(commands) {
    this.chosen = -1;
    this.offered = commands;
    this.list.hidden = !commands.length;
    this.list.replaceChildren(
      ...commands.map(({ command, description }) =>
        el(
          "button",
          { type: "button", class: "command", role: "option", onclick: () => this.choose(command) },
          el("b", {}, `/${command}`),
          el("span", {}, description),
        ),
      ),
    );
  }

  choose(command) {
    this.offer([]);
    this.input.value = "";
    this.grow();
    this.pane.act("send", `/${command}`);
  }

  move(step) {
    this.chosen = (this.chosen + step + this.offered.length) % this.offered.length;
    [...this.list.children].forEach((node, index) => {
      node.classList.toggle("chosen", index === this.chosen);
      node.setAttribute("aria-selected", String(index === this.chosen));
      if (index === this.chosen) node.scrollIntoView({ block: "nearest" });
    });
  }

  key(event) {
    if (event.isComposing) return; // Hangul is still being put together
    const menu = !this.list.hidden;
    if (menu && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      this.move(event.key === "ArrowDown" ? 1 : this.chosen < 0 ? 0 : -1);
    } else if (menu && event.key === "Tab") {
      event.preventDefault();
      this.input.value = `/${this.offered[Math.max(this.chosen, 0)].command} `;
      this.offer([]);
    } else if (menu && event.key === "Escape") {
      this.offer([]);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (menu && this.chosen >= 0) this.choose(this.offered[this.chosen].command);
      else this.send();
    }
  }

  async send() {
    const text = this.input.value.trim();
    const file = this.file;
    if (!text && !file) return;
    if (text.length > 4096) return toast(t("tooLong"));
    this.offer([]);
    this.input.value = "";
    this.detach();
    this.grow();
    this.input.focus();
    const { chat } = this.pane;
    const sent = file ? await net.sendFile(this.pane.speaker(), chat, file, text) : await net.say(this.pane.speaker(), chat, text);
    if (sent === null && !this.input.value) this.input.value = text;
  }
}
