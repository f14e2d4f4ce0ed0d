// The page's own words. What the bot says comes in the user's language from the bot.

const TEXTS = {
  en: {
    subtitle: "Local sandbox",
    addUser: "Add a user",
    name: "Name",
    language: "Language of the app",
    create: "Open chat",
    cancel: "Cancel",
    ok: "OK",
    theme: "Dark or light",
    pageLanguage: "한국어로 보기",
    welcomeTitle: "Try the trading bot here, as anyone you like",
    welcomeBody: "This page stands in for Telegram. Add a user, press Start, and talk to the bot: the same program that runs on Telegram answers, with paper money.",
    welcomePoints: [
      "Several users side by side: click a name to open or close its chat.",
      "Type / for the commands; buttons, charts, files and edits work as on a phone.",
      "Only this computer can reach this page.",
    ],
    pick: "Pick somebody on the left, or add a user.",
    pickTitle: "No chat is open",
    start: "Start",
    beginTitle: (bot) => `Chat with ${bot}`,
    beginBody: (name) => `You are ${name} here. Press Start to say hello to the bot.`,
    write: "Message",
    send: "Send",
    attach: "Attach a file",
    menu: "Menu",
    more: "More",
    back: "Back",
    close: "Close this chat",
    block: "Block the bot",
    unblock: "Unblock the bot",
    setLanguage: (to) => `Language of the app: ${to}`,
    as: (name) => `chat of ${name}`,
    group: "group",
    typing: "typing",
    sendingPhoto: "sending a photo",
    sendingFile: "sending a file",
    edited: "edited",
    photo: "Photo",
    file: "File",
    you: "You",
    copied: "Copied",
    drop: "Drop the file to attach it",
    remove: "Remove",
    scrollDown: "To the newest message",
    earlier: "Show earlier messages",
    offline: "The sandbox does not answer. Trying again…",
    openLink: "Open this link?",
    open: "Open",
    download: "Download",
    today: "Today",
    yesterday: "Yesterday",
    started: "started the bot",
    noBot: "no bot has called yet",
    speakAs: "Write as",
    tooLong: "At most 4,096 letters fit into a message.",
    keyboard: "Keyboard",
    languages: { en: "English", ko: "한국어", ja: "日本語", de: "Deutsch" },
  },
  ko: {
    subtitle: "로컬 샌드박스",
    addUser: "사용자 추가",
    name: "이름",
    language: "앱 언어",
    create: "대화 열기",
    cancel: "취소",
    ok: "확인",
    theme: "어둡게 / 밝게",
    pageLanguage: "Show in English",
    welcomeTitle: "원하는 사람이 되어 트레이딩 봇을 써 보세요",
    welcomeBody: "이 페이지는 텔레그램을 대신합니다. 사용자를 추가하고 시작을 누르면, 텔레그램에서 도는 것과 똑같은 프로그램이 모의 자금으로 대답합니다.",
    welcomePoints: [
      "여러 사용자를 나란히: 이름을 누르면 대화가 열리고 닫힙니다.",
      "/ 를 입력하면 명령이 보입니다. 버튼, 차트, 파일, 수정이 휴대폰처럼 동작합니다.",
      "이 페이지는 이 컴퓨터에서만 열립니다.",
    ],
    pick: "왼쪽에서 사람을 고르거나 사용자를 추가하세요.",
    pickTitle: "열린 대화가 없습니다",
    start: "시작",
    beginTitle: (bot) => `${bot} 와(과) 대화`,
    beginBody: (name) => `여기서는 ${name} 님입니다. 시작을 눌러 봇에게 인사하세요.`,
    write: "메시지",
    send: "보내기",
    attach: "파일 첨부",
    menu: "메뉴",
    more: "더 보기",
    back: "뒤로",
    close: "대화 닫기",
    block: "봇 차단",
    unblock: "봇 차단 해제",
    setLanguage: (to) => `앱 언어: ${to}`,
    as: (name) => `${name} 님의 대화`,
    group: "그룹",
    typing: "입력 중",
    sendingPhoto: "사진 보내는 중",
    sendingFile: "파일 보내는 중",
    edited: "수정됨",
    photo: "사진",
    file: "파일",
    you: "나",
    copied: "복사했습니다",
    drop: "놓으면 첨부됩니다",
    remove: "빼기",
    scrollDown: "맨 아래로",
    earlier: "이전 메시지 보기",
    offline: "샌드박스가 응답하지 않습니다. 다시 시도하는 중…",
    openLink: "이 링크를 열까요?",
    open: "열기",
    download: "내려받기",
    today: "오늘",
    yesterday: "어제",
    started: "봇을 시작했습니다",
    noBot: "아직 연결된 봇이 없습니다",
    speakAs: "보내는 사람",
    tooLong: "메시지는 4,096자까지 쓸 수 있습니다.",
    keyboard: "키보드",
    languages: { en: "English", ko: "한국어", ja: "日本語", de: "Deutsch" },
  },
};

function preferred() {
  const asked = new URLSearchParams(location.search).get("lang") ?? localStorage.getItem("lang");
  return asked in TEXTS ? asked : navigator.language.startsWith("ko") ? "ko" : "en";
}

let language = preferred();

export const lang = () => language;
export const t = (key, ...values) => {
  const text = TEXTS[language][key];
  return typeof text === "function" ? text(...values) : text;
};

export function switchLanguage() {
  language = language === "en" ? "ko" : "en";
  localStorage.setItem("lang", language);
}

const time = () => new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
export const clock = (seconds) => time().format(new Date(seconds * 1000));

export function day(seconds) {
  const date = new Date(seconds * 1000);
  const start = (moment) => new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();
  const ago = Math.round((start(new Date()) - start(date)) / 86400000);
  if (ago === 0) return t("today");
  if (ago === 1) return t("yesterday");
  return new Intl.DateTimeFormat(language, { day: "numeric", month: "long", year: "numeric" }).format(date);
}

export const shortDay = (seconds) =>
  day(seconds) === t("today")
    ? clock(seconds)
    : new Intl.DateTimeFormat(language, { day: "numeric", month: "short" }).format(new Date(seconds * 1000));

export function size(bytes) {
  const units = ["B", "KB", "MB"];
  let step = 0;
  for (; bytes >= 1024 && step < 2; step += 1) bytes /= 1024;
  return `${bytes < 10 && step ? bytes.toFixed(1) : Math.round(bytes)} ${units[step]}`;
}
