// The sandbox's client API and its websocket.

import { toast } from "./dom.js";

async function call(method, path, body) {
  const options = { method };
  if (body instanceof FormData) options.body = body;
  else if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { "Content-Type": "application/json" };
  }
  const response = await fetch(`/sandbox${path}`, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? response.statusText);
  return answer;
}

/** As `call`, but a refusal becomes a toast and `null`. */
async function ask(method, path, body) {
  try {
    return await call(method, path, body);
  } catch (error) {
    toast(error.message);
    return null;
  }
}

const user = (name) => `/users/${encodeURIComponent(name)}`;
const within = (chat) => (chat.group ? { chat: chat.name } : {});

export const saveUser = (name, about) => call("POST", user(name), about);
export const say = (who, chat, text) => ask("POST", `${user(who)}/messages`, { text, ...within(chat) });
export const tap = (who, chat, message_id, button) =>
  ask("POST", `${user(who)}/taps`, { message_id, button, ...within(chat) });
export const block = (name, blocked) => ask("POST", `${user(name)}/block`, { blocked });

export function sendFile(who, chat, file, caption) {
  const form = new FormData();
  form.append("document", file, file.name);
  form.append("caption", caption);
  if (chat.group) form.append("chat", chat.name);
  return ask("POST", `${user(who)}/messages`, form);
}

export async function messages(who, chat, after) {
  const query = new URLSearchParams({ after, ...within(chat) });
  return (await ask("GET", `${user(who)}/messages?${query}`))?.messages ?? [];
}

export async function commands(who, chat) {
  const query = new URLSearchParams(within(chat));
  return (await ask("GET", `${user(who)}/commands?${query}`))?.commands ?? [];
}

/** Events for as long as the page lives; `offline(true)` while the sandbox is away. */
export function listen(onEvent, offline) {
  let wait = 250;
  const connect = () => {
    const socket = new WebSocket(`ws://${location.host}/sandbox/ws`);
    socket.onopen = () => {
      wait = 250;
      offline(false);
    };
    socket.onmessage = (message) => onEvent(JSON.parse(message.data));
    socket.onclose = () => {
      offline(true);
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, 4000);
    };
  };
  connect();
}
