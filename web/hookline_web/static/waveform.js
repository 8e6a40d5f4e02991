// A recording's waveform: the customer above the line, the agent below, pauses marked, a click seeks. Drawn on a canvas
// from what the server measured; without it the plain player does.
(() => {
  "use strict";

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const draw = (canvas, audio, told) => {
    const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const brush = canvas.getContext("2d");
    brush.scale(ratio, ratio);
    const [upper, lower = upper] = told.peaks, middle = height / 2, step = width / upper.length;
    const played = told.seconds ? (audio.currentTime / told.seconds) * upper.length : 0;
    upper.forEach((loud, at) => {
      const before = at < played;
      brush.fillStyle = colour(before ? "--hl-accent" : "--hl-line-strong");
      brush.fillRect(at * step, middle - (loud / 100) * middle, Math.max(step - 1, 1), (loud / 100) * middle);
      brush.fillStyle = colour(before ? "--hl-info" : "--hl-quiet");
      brush.fillRect(at * step, middle, Math.max(step - 1, 1), (lower[at] / 100) * middle);
    });
    brush.fillStyle = colour("--hl-warn");
    for (const [second] of told.gaps) brush.fillRect((second / told.seconds) * width - 1, 0, 2, height);
  };

  const attach = async (canvas) => {
    if (canvas.dataset.attached) return;
    canvas.dataset.attached = "yes";
    const audio = document.getElementById(canvas.dataset.player);
    const answer = await fetch(canvas.dataset.peaks, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const told = await answer.json();
    if (!told.peaks.length) return;
    canvas.hidden = false;
    const again = () => draw(canvas, audio, told);
    for (const name of ["timeupdate", "seeked"]) audio.addEventListener(name, again);
    window.addEventListener("resize", again);
    canvas.addEventListener("click", (event) => { audio.currentTime = (event.offsetX / canvas.clientWidth) * told.seconds; });
    again();
  };

  const look = () => document.querySelectorAll("canvas[data-peaks]").forEach(attach);
  document.addEventListener("htmx:load", look);
  document.addEventListener("htmx:afterSettle", look);
  look();
})();
