// A supervisor's browser as the phone at an agent's line. The server's panel says which leg, this connects it.
// Any page with <div id="supervision" data-phone-script data-address> may use it.

const box = document.getElementById("supervision");
const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
const { supervisorsPhone } = await import(box.dataset.phoneScript);
let phone = null, wanted = "";

const bar = () => box.querySelector("[data-supervised]");

const trouble = () => {
  if (phone.barred) return "barred";
  if (phone.blocked) return "blocked";
  const heard = bar()?.dataset.mode !== "listen";
  if (!phone.problem || !heard) return "";
  return phone.problem === "denied" ? "denied" : "other";
};

const show = () => {
  for (const words of box.querySelectorAll("[data-trouble]")) words.hidden = !phone || words.dataset.trouble !== trouble();
};

// The panel is there afresh: another leg, none any more, another way of taking part.
const follow = async () => {
  const leg = bar()?.dataset.leg ?? "";
  if (leg !== wanted) {
    wanted = leg;
    phone?.close();
    phone = null;
    if (leg) {
      const found = await supervisorsPhone({ address: box.dataset.address, token, onChange: show });
      if (wanted !== leg) { found?.close(); return; } // he left while the server answered
      phone = found;
      window.hooklinePhone = phone; // for a look by the browser's tools
      phone?.start();
    }
  }
  phone?.mute(bar()?.dataset.mode === "listen");
  show();
};

document.addEventListener("click", () => phone?.listen());
document.addEventListener("keydown", () => phone?.microphone.wake());
box.addEventListener("htmx:afterSwap", follow);
follow();
