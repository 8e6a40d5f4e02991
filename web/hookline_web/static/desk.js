// The agent's desktop. The server owns the state; this module sends acts, fetches the desk afresh when something
// happened, and replaces only regions whose key changed, so that what is being typed stays where it is.
(() => {
  "use strict";
  const desk = () => document.getElementById("desk");
  const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  const page = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const headers = { "HX-Request": "true", "X-CSRFToken": token, "X-Desk-Page": page };
  document.body.dataset.deskPage = page; // the phone's name too, see phone_panel.js
  const typing = (element) => element.closest("textarea, select, input:not([type=radio]):not([type=checkbox])") !== null;
  const failed = () => document.getElementById("toasts").dataset.offline;
  const say = (text) => document.dispatchEvent(new CustomEvent("hookline:toast", { detail: { text, error: true } }));

  // Rendering

  const keepTyped = (before, after) => {
    if (before.dataset.scope === undefined || before.dataset.scope !== after.dataset.scope) return;
    for (const field of before.querySelectorAll("textarea[id]")) {
      const fresh = after.querySelector(`#${CSS.escape(field.id)}`);
      if (fresh && field.value !== field.defaultValue) fresh.value = field.value;
    }
    for (const radio of before.querySelectorAll("input[type=radio]:checked")) {
      const fresh = after.querySelector(`input[name="${CSS.escape(radio.name)}"][value="${CSS.escape(radio.value)}"]`);
      if (fresh) fresh.checked = true;
    }
  };

  const keepOpen = (before, after) => {
    for (const box of before.querySelectorAll("details[open]")) {
      const fresh = after.querySelector(`details[data-keep="${box.dataset.keep}"]`);
      if (fresh && box.dataset.keep) fresh.open = true;
    }
  };

  const replace = (before, after) => {
    const focused = before.contains(document.activeElement) ? document.activeElement : null;
    const mark = focused && (focused.id ? `#${CSS.escape(focused.id)}` : focused.dataset.shortcut ? `[data-shortcut="${focused.dataset.shortcut}"]` : "");
    keepTyped(before, after);
    keepOpen(before, after);
    before.replaceWith(after);
    if (mark) after.querySelector(mark)?.focus();
  };

  const merge = (before, after) => {
    if (before.dataset.key !== after.dataset.key) { replace(before, after); return; }
    if (after.dataset.children === undefined && after.id !== "desk") {
      if (after.dataset.key === "volatile" && before.innerHTML !== after.innerHTML && !busy(before)) replace(before, after);
      return;
    }
    before.className = after.className;
    Object.assign(before.dataset, after.dataset);
    const wanted = [...after.children], there = new Map([...before.children].map((child) => [child.id, child]));
    for (const child of wanted) {
      const old = there.get(child.id);
      if (old) { there.delete(child.id); merge(old, child); } else before.append(child);
    }
    for (const gone of there.values()) gone.remove();
  };

  // A menu that is open, or a field being typed in, is not pulled away by a refresh that changes nothing else.
  const busy = (region) => region.querySelector("details.menu[open]") !== null || (region.contains(document.activeElement) && typing(document.activeElement));

  const render = (html) => {
    const parsed = new DOMParser().parseFromString(html, "text/html").getElementById("desk");
    // An answer that was read before the one on the page, and came after it, would take the page back in time.
    if (!parsed || Number(parsed.dataset.version) < Number(desk().dataset.version)) return;
    const shown = document.getElementById("desk-script"), coming = parsed.querySelector("#desk-script");
    const call = (script) => script?.querySelector("[data-call]")?.dataset.call;
    if (call(shown) && call(shown) === call(coming) && Number(coming.dataset.moves) < Number(shown.dataset.moves)) return;
    const before = desk().dataset.state, inScript = shown?.contains(document.activeElement), moves = shown?.dataset.moves;
    merge(desk(), parsed);
    // Whoever walks the script by keyboard goes on with the next step's first question.
    const script = document.getElementById("desk-script");
    if (inScript && script && script.dataset.moves !== moves) (script.querySelector("[data-answer]:checked, [data-answer]:not(:disabled)") || script.querySelector(".script-step"))?.focus();
    document.dispatchEvent(new CustomEvent("htmx:load", { detail: { elt: desk() } }));
    document.dispatchEvent(new CustomEvent("hookline:desk"));
    tick();
    showOwner();
    if (before !== desk().dataset.state) announce(desk().dataset.state);
  };

  // One fetch at a time; what comes meanwhile asks for one more.
  let fetching = false, again = false;
  const refresh = async () => {
    if (fetching) { again = true; return; }
    fetching = true;
    try {
      const answer = await fetch(desk().dataset.view, { headers });
      if (answer.status === 401) { window.location.reload(); return; }
      if (answer.ok) render(await answer.text());
    } catch { /* the stream tells when the server is back */ }
    finally { fetching = false; }
    if (again) { again = false; refresh(); }
  };

  // Acts

  const post = async (address, body) => {
    try {
      const answer = await fetch(address, { method: "POST", headers, body });
      if (answer.status === 401) { window.location.reload(); return null; }
      return answer;
    } catch { say(failed()); return null; }
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-desk]");
    if (!form) return;
    event.preventDefault();
    if (form.dataset.sending) return;
    form.dataset.sending = "yes";
    for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
    const body = new FormData(form, event.submitter);
    await opened;
    const answer = await post(form.action, body);
    delete form.dataset.sending;
    if (!answer) return;
    const text = await answer.text();
    if (answer.ok) { render(text); return; }
    const toast = new DOMParser().parseFromString(text, "text/html").querySelector(".toast-item");
    document.getElementById("toasts").append(toast || "");
    document.dispatchEvent(new CustomEvent("htmx:load", { detail: { elt: document.getElementById("toasts") } }));
    refresh();
  });

  // Notes and answers are kept as they are typed

  let noteTimer = null;
  const saveNote = (field) => { const body = new FormData(); body.set("note", field.value); body.set("call_id", field.dataset.call); return post(field.dataset.note, body); };
  document.addEventListener("input", (event) => {
    const note = event.target.closest("[data-note]");
    if (note) { clearTimeout(noteTimer); noteTimer = setTimeout(() => saveNote(note), 500); }
  });
  document.addEventListener("change", async (event) => {
    const note = event.target.closest("[data-note]");
    if (note) { clearTimeout(noteTimer); saveNote(note); }
    const field = event.target.closest("[data-answer]");
    if (!field) return;
    const body = new FormData();
    const chosen = [...document.getElementsByName(field.name)].filter((one) => one.checked).map((one) => one.value);
    body.set("question", field.dataset.question);
    body.set("value", field.type === "checkbox" ? chosen.join("; ") : field.value);
    const shown = field.closest("[data-answers]").dataset.call;
    if (shown) body.set("call_id", shown);
    const mark = field.closest(".script-question").querySelector(".answer-state");
    const answer = await post(field.closest("[data-answers]").dataset.answers, body);
    if (!answer) return;
    if (answer.ok) { mark.textContent = "✓"; mark.className = "answer-state ok"; return; }
    const words = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".toast-item div");
    mark.textContent = words ? words.textContent.trim() : "!";
    mark.className = "answer-state bad";
  });

  document.addEventListener("click", (event) => event.target.closest("[data-focus-next]")?.nextElementSibling?.focus());

  // Keyboard

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.getElementById("confirm").open) return;
    const key = event.key.toLowerCase();
    const target = event.target;
    if (key === "escape" && typing(target)) { target.blur(); return; }
    // In the script digits choose an answer; elsewhere they are results.
    const asked = target.closest(".script-guided .script-choices") || (target.closest(".script-guided") && document.querySelector(".script-guided .script-choices"));
    if (asked && !typing(target) && /^\d$/.test(key)) {
      const choices = [...asked.querySelectorAll("input")];
      const choice = asked.classList.contains("script-scale") ? choices.find((one) => one.value === key) : choices[Number(key) - 1];
      if (choice) { event.preventDefault(); choice.focus(); choice.click(); }
      return;
    }
    if (elsewhere() || typing(target) || (key === "enter" && target.closest("button, summary, a"))) return;
    const control = desk().querySelector(`[data-shortcut="${CSS.escape(key)}"]`);
    if (!control || control.closest("fieldset:disabled")) return;
    event.preventDefault();
    control.click();
    if (control.tagName === "SUMMARY") control.parentElement.querySelector(".menu-items button, .menu-items input:not([type=hidden])")?.focus();
  });

  // Times that count down, and the contact's local time

  const tick = () => {
    for (const left of document.querySelectorAll("[data-until]")) {
      const seconds = Math.max(0, Math.round((new Date(left.dataset.until) - Date.now()) / 1000));
      left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      left.classList.toggle("urgent", seconds < 15);
    }
    for (const local of document.querySelectorAll("time[data-zone]")) {
      try {
        local.textContent = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", timeZone: local.dataset.zone }).format(new Date());
        local.title = local.dataset.zone;
      } catch { local.textContent = local.dataset.zone; }
    }
  };

  // A state that changed while the agent looks elsewhere shows in the tab's title

  const title = document.title;
  const announce = (state) => {
    const words = desk().querySelector(".state-chip strong")?.textContent;
    document.title = ["reserved", "ringing", "on_call", "wrap_up"].includes(state) && words ? `● ${words} · ${title}` : title;
  };

  // Of two windows one acts: the one opened last. The other reads, and can take the desk over.

  const heartbeat = (take = false) => {
    const body = new FormData();
    body.set("page", page);
    if (take) body.set("take", "true");
    return post(desk().dataset.heartbeat, body);
  };
  // A window that has just been opened or reloaded takes the desk: it acts at once, and what it does waits for that.
  let opening = true;
  const elsewhere = () => !opening && desk().dataset.owner !== "" && desk().dataset.owner !== page;
  const showOwner = () => {
    desk().classList.toggle("elsewhere", elsewhere());
    for (const region of desk().querySelectorAll(":scope > :not(#desk-elsewhere)")) region.inert = elsewhere();
  };
  document.addEventListener("click", async (event) => {
    if (!event.target.closest("[data-take-desk]")) return;
    await heartbeat(true);
    refresh();
  });

  for (const type of document.body.dataset.eventTypes.split(" ")) document.body.addEventListener(`hookline:${type}`, refresh);
  document.body.addEventListener("hookline:resumed", refresh);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { heartbeat(); refresh(); } });
  setInterval(tick, 1000);
  setInterval(() => heartbeat(), 15000);
  const opened = heartbeat(true);
  opened.then(refresh).then(() => { opening = false; showOwner(); });
  tick();
  announce(desk().dataset.state);
})();
