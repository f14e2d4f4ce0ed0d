// Alerts, questions, the form for a new user, and the picture viewer.

import { el, icon, iconButton } from "./dom.js";
import { saveUser } from "./net.js";
import { t } from "./texts.js";

const dialog = () => document.getElementById("dialog");

function show(...children) {
  dialog().replaceChildren(...children);
  if (!dialog().open) dialog().showModal();
}

export function alertBox(title, text) {
  const done = el("button", { type: "button", class: "button primary", onclick: () => dialog().close() }, t("ok"));
  show(el("h2", {}, title), el("p", {}, text), el("div", { class: "dialog-buttons" }, done));
  done.focus();
}

export function confirmLink(url) {
  const open = () => {
    dialog().close();
    window.open(url, "_blank", "noopener,noreferrer");
  };
  show(
    el("h2", {}, t("openLink")),
    el("p", {}, url),
    el(
      "div",
      { class: "dialog-buttons" },
      el("button", { type: "button", class: "button", onclick: () => dialog().close() }, t("cancel")),
      el("button", { type: "button", class: "button primary", onclick: open }, t("open")),
    ),
  );
}

/** The form that makes a user; `done(name)` after it was made. */
export function userForm(done, cancel) {
  const name = el("input", { name: "name", required: true, maxLength: 32, autocomplete: "off", placeholder: "alice", spellcheck: false });
  const language = el("select", { name: "language" });
  for (const [code, label] of Object.entries(t("languages"))) language.append(el("option", { value: code }, label));
  if (document.documentElement.lang in t("languages")) language.value = document.documentElement.lang;
  const error = el("p", { class: "form-error", role: "alert", hidden: true });
  const submit = async (event) => {
    event.preventDefault();
    try {
      const wanted = name.value.trim().replaceAll(/\s+/g, "_");
      const user = await saveUser(wanted, { language_code: language.value, first_name: name.value.trim() });
      done(user);
    } catch (problem) {
      error.textContent = problem.message;
      error.hidden = false;
    }
  };
  return el(
    "form",
    { class: "form", onsubmit: submit },
    el("div", { class: "form-row" }, el("label", {}, t("name"), name), el("label", {}, t("language"), language)),
    error,
    el(
      "div",
      { class: "dialog-buttons" },
      cancel && el("button", { type: "button", class: "button", onclick: cancel }, t("cancel")),
      el("button", { type: "submit", class: `button primary${cancel ? "" : " wide"}` }, t("create")),
    ),
  );
}

export function askForUser(done) {
  const made = (user) => {
    dialog().close();
    done(user);
  };
  show(el("h2", {}, t("addUser")), userForm(made, () => dialog().close()));
  dialog().querySelector("input").focus();
}

export function viewPicture(url) {
  const viewer = document.getElementById("viewer");
  const close = () => viewer.close();
  const stage = el("div", { class: "viewer-stage" });
  const picture = el("img", { src: url, alt: t("photo"), onclick: () => stage.classList.toggle("zoomed") });
  stage.append(picture);
  stage.addEventListener("click", (event) => event.target === stage && close());
  const save = el("a", { class: "icon-button", href: url, download: "chart.png", "aria-label": t("download"), title: t("download") }, icon("file"));
  viewer.replaceChildren(el("div", { class: "viewer-bar" }, save, iconButton("close", t("close"), close)), stage);
  viewer.showModal();
}
