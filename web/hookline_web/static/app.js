// What every page does: theme, menus, help, toasts, confirmation, times, tabs. No state of work lives here.
(() => {
  "use strict";
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const keep = (key, value) => { try { localStorage.setItem(key, value); } catch { /* private window: not kept */ } };
  const typing = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;

  // Help
  const openHelp = async () => {
    const drawer = byId("help-drawer"), body = byId("help-body");
    if (!drawer) return;
    drawer.hidden = false;
    root.dataset.help = "open";
    if (body.dataset.loaded) return;
    if (await readInDrawer(body.dataset.address)) body.dataset.loaded = "yes";
  };
  const readInDrawer = async (address) => {
    const body = byId("help-body"), answer = await fetch(address, { headers: { "HX-Request": "true" } });
    if (answer.ok) { body.innerHTML = await answer.text(); body.scrollTop = 0; }
    return answer.ok;
  };
  const closeHelp = () => {
    const drawer = byId("help-drawer");
    if (drawer) drawer.hidden = true;
    delete root.dataset.help;
  };

  // Toasts
  const dismissLater = (toast) => {
    if (!toast.classList.contains("toast-error")) setTimeout(() => toast.remove(), 6000);
  };
  const say = (text, error) => {
    const box = byId("toasts"), toast = document.createElement("div");
    toast.className = `toast-item toast-${error ? "error" : "ok"}`;
    toast.setAttribute("role", error ? "alert" : "status");
    const words = document.createElement("strong"), close = document.createElement("button");
    words.textContent = text;
    close.type = "button"; close.className = "toast-close"; close.dataset.closeToast = ""; close.textContent = "×";
    toast.append(words, close);
    box.append(toast);
    dismissLater(toast);
  };
  // A promise is due: whoever may keep it is told, on whatever page he is.
  document.body.addEventListener("hookline:CallbackDue", () => {
    const { callbackDue } = byId("toasts").dataset;
    if (callbackDue) say(callbackDue);
  });
  document.addEventListener("hookline:toast", (event) => say(event.detail.text, event.detail.error));

  // Confirmation: data-confirm on a submit button, hx-confirm on an htmx element
  const ask = (text, label) => new Promise((resolve) => {
    const dialog = byId("confirm"), yes = dialog.querySelector("[value=yes]");
    byId("confirm-text").textContent = text;
    yes.textContent = label || yes.dataset.default;
    dialog.returnValue = "no";
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    dialog.showModal();
  });
  document.addEventListener("htmx:confirm", async (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    if (await ask(event.detail.question, event.detail.elt.dataset.confirmLabel)) event.detail.issueRequest(true);
  });

  document.addEventListener("click", async (event) => {
    const on = (selector) => event.target.closest(selector);
    const button = on("[data-confirm]");
    if (button && !button.dataset.confirmed) {
      event.preventDefault();
      event.stopPropagation();
      const { form } = button;
      if (await ask(button.dataset.confirm, button.dataset.confirmLabel)) {
        button.dataset.confirmed = "yes";
        // A live refresh may have taken the form away while the question stood: what was asked still counts.
        if (form && !form.isConnected) { form.hidden = true; document.body.append(form); }
        button.form ? button.form.requestSubmit(button) : button.click();
        delete button.dataset.confirmed;
      }
      return;
    }
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
    if (on("[data-open-help]")) byId("help-drawer")?.hidden ? openHelp() : closeHelp();
    if (on("[data-close-help]")) closeHelp();
    // A term is read where the help is: the page beside it, with somebody's work in it, stays.
    const term = on("#help-body a.term");
    if (term && !event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); readInDrawer(term.href); }
    if (on("[data-help-back]")) readInDrawer(byId("help-body").dataset.address);
    on("[data-close-toast]")?.closest(".toast-item").remove();
    if (on("[data-toggle-theme]")) {
      root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
      keep("hookline-theme", root.dataset.bsTheme);
    }
    if (on("[data-fold-sidebar]")) {
      root.dataset.sidebar = root.dataset.sidebar === "folded" ? "" : "folded";
      keep("hookline-sidebar", root.dataset.sidebar);
    }
    const tab = on("[data-tabs] [role=tab]");
    if (tab) selectTab(tab);
    const row = on("tr[data-href]");
    if (row && !on("a, button, input, label, form")) window.location = row.dataset.href;
  });

  const selectTab = (chosen) => {
    for (const tab of chosen.closest("[role=tablist]").children) {
      tab.setAttribute("aria-selected", String(tab === chosen));
      byId(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
    }
    chosen.focus();
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const tab = event.target.closest?.("[data-tabs] [role=tab]");
    if (tab && (event.key === "ArrowRight" || event.key === "ArrowLeft")) {
      const next = event.key === "ArrowRight" ? tab.nextElementSibling : tab.previousElementSibling;
      if (next) selectTab(next);
    }
    if (event.key === "Escape") {
      closeHelp();
      for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
    }
    if (typing(event.target) || byId("confirm").open) return;
    if (event.key === "?") { event.preventDefault(); byId("help-drawer")?.hidden ? openHelp() : closeHelp(); }
    if (event.key === "/") {
      const field = document.querySelector("[data-search]");
      if (field) { event.preventDefault(); field.focus(); field.select(); }
    }
  });

  // Times: the server says UTC, the page shows the reader's own zone
  const forms = {
    datetime: { dateStyle: "medium", timeStyle: "short" }, date: { dateStyle: "medium" }, time: { timeStyle: "short" },
    seconds: { timeStyle: "medium" },
  };
  const localise = (part) => {
    for (const time of part.querySelectorAll("time[data-moment]")) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.valueOf())) continue;
      time.textContent = new Intl.DateTimeFormat(root.lang, forms[time.dataset.moment] || forms.datetime).format(at);
      time.title = at.toISOString();
    }
    for (const toast of part.querySelectorAll("[data-toast]")) { delete toast.dataset.toast; dismissLater(toast); }
    tick();
  };
  const tick = () => {
    for (const time of document.querySelectorAll("time[data-since]")) {
      const seconds = Math.max(0, Math.floor((Date.now() - new Date(time.dateTime)) / 1000));
      const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
      time.textContent = (h ? `${h}:${String(m).padStart(2, "0")}` : m) + `:${String(s).padStart(2, "0")}`;
    }
  };
  document.addEventListener("htmx:load", (event) => localise(event.detail.elt.parentElement || document));
  setInterval(tick, 1000);
  localise(document);

  // htmx: an error answer says itself where it goes (a toast); a form sent back with errors is shown
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (xhr.getResponseHeader("HX-Retarget") || xhr.status === 422) { event.detail.shouldSwap = true; event.detail.isError = false; }
  });
  document.addEventListener("htmx:sendError", () => say(byId("toasts").dataset.offline, true));
  document.addEventListener("htmx:responseError", (event) => {
    if (!event.detail.xhr.getResponseHeader("HX-Retarget")) say(byId("toasts").dataset.failed, true);
  });
})();
