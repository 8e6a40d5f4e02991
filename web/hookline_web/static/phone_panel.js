// The desk's phone panel: shows the browser's phone, offers microphone and remedies, and follows the server's desk.
(async () => {
  "use strict";
  const desk = () => document.getElementById("desk");
  const top = () => document.getElementById("desk-phone");
  const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  const QUALITY_MILLISECONDS = 2000;
  const GOOD = { loss: 0.02, jitter: 30, roundTrip: 250 }, POOR = { loss: 0.06, jitter: 80, roundTrip: 500 };
  const { Phone, Microphone } = await import(document.querySelector("[data-phone-script]").dataset.phoneScript);
  let phone = null, wanted = "";

  const text = (name) => top()?.querySelector(`template[data-text="${name}"]`)?.content.cloneNode(true);

  // What stands in the way, with its remedy: one at a time.
  const trouble = () => {
    if (phone.state === "microphone" || phone.problem) return phone.problem;
    if (phone.state === "elsewhere" || phone.state === "gone") return phone.state;
    if (phone.barred) return "barred";
    return phone.blocked ? "blocked" : "";
  };

  const showTrouble = () => {
    const alert = document.getElementById("desk-phone-alert"), name = trouble();
    if (!alert || alert.dataset.shows === name) return;
    alert.dataset.shows = name;
    const words = name ? text(name) : null;
    alert.hidden = !words;
    alert.replaceChildren(...(words ? [words] : []));
  };

  const showMicrophones = async () => {
    const select = top()?.querySelector("select");
    if (!select || !phone.microphone.track) return;
    const choices = await phone.microphone.choices();
    if (document.activeElement === select) return;
    const options = choices.map((device) => new Option(device.label || select.dataset.unnamed, device.deviceId));
    select.replaceChildren(...options);
    select.value = phone.microphone.chosen;
  };

  const show = () => {
    const panel = top();
    if (!panel || !phone) return;
    panel.dataset.state = phone.state;
    const words = text(`state-${phone.state}`);
    if (words) panel.querySelector(".phone-state").replaceChildren(words);
    if (phone.state !== "connected") showQuality(null);
    for (const canvas of panel.querySelectorAll("canvas")) phone.microphone.canvases.add(canvas);
    showTrouble();
    showMicrophones();
  };

  const grade = ({ loss, jitter, roundTrip }) => {
    const beyond = (limit) => loss > limit.loss || jitter > limit.jitter || (roundTrip ?? 0) > limit.roundTrip;
    if (beyond(POOR)) return "poor";
    return beyond(GOOD) ? "fair" : "good";
  };

  const showQuality = (found) => {
    const panel = top();
    if (!panel) return;
    panel.dataset.quality = found ? grade(found) : "";
    const bars = panel.querySelector(".phone-bars");
    bars.title = found ? panel.dataset[`quality${grade(found).replace(/^./, (letter) => letter.toUpperCase())}`] : "";
    const put = (name, value) => { panel.querySelector(`[data-figure="${name}"]`).textContent = value; };
    put("loss", found ? `${(found.loss * 100).toFixed(1)} %` : "–");
    put("jitter", found ? `${Math.round(found.jitter)} ms` : "–");
    put("round-trip", found && found.roundTrip !== null ? `${Math.round(found.roundTrip)} ms` : "–");
  };

  // The desk is there afresh: another leg, none any more, muted or not. Of two windows the one that acts is the phone.
  const follow = () => {
    const { phoneLeg = "", owner = "", muted } = desk().dataset, panel = top(), page = document.body.dataset.deskPage;
    const acts = owner === "" || owner === page, leg = acts ? phoneLeg : "";
    if (!acts && panel) panel.querySelector(".phone-state").replaceChildren(text("state-elsewhere"));
    if (leg !== wanted) {
      wanted = leg;
      phone?.close();
      phone = null;
      document.getElementById("desk-phone-alert")?.setAttribute("hidden", "");
      if (leg && panel) {
        const { module, post } = panel.dataset;
        phone = new Phone({ leg, page, module, post, token, onChange: show });
        window.hooklinePhone = phone; // for a look by the browser's tools
        phone.start();
      }
    }
    if (phone) { phone.mute(muted === "true"); show(); }
    preferBrowser();
  };

  // Who has a microphone here, and never chose a telephone, starts with the browser.
  const preferBrowser = async () => {
    const select = document.querySelector("select[data-prefer-browser]");
    if (!select || select.dataset.asked) return;
    select.dataset.asked = "yes";
    if (await Microphone.present() && document.contains(select)) select.value = "browser";
  };

  document.addEventListener("hookline:desk", follow);
  document.addEventListener("click", (event) => {
    if (!phone) return;
    const remedy = event.target.closest("[data-phone-remedy]")?.dataset.phoneRemedy;
    if (remedy === "start") phone.start();
    else phone.listen();
  });
  document.addEventListener("keydown", () => phone?.microphone.wake());
  document.addEventListener("change", (event) => {
    if (event.target.closest("#desk-phone select")) phone?.choose(event.target.value);
  });
  // The mute button silences at once; the server's word, which keeps the voice from the others, follows.
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-desk]");
    if (phone && form && new URL(form.action).pathname.endsWith("/desk/mute")) phone.mute(form.elements.on.value === "true");
  });
  setInterval(async () => {
    const found = await phone?.quality();
    if (phone?.state === "connected") showQuality(found ?? null);
  }, QUALITY_MILLISECONDS);
  follow();
})();
