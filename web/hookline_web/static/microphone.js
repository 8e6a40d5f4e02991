// The microphone: which one (remembered in this browser), how loud it is, and in one word what stands in its way.

const REMEMBERED = "hookline.microphone";
const METER_MILLISECONDS = 60;
const BARS = 14;

const PROBLEMS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "none",
  DevicesNotFoundError: "none",
  NotReadableError: "in_use",
  AbortError: "in_use",
};

// Thrown by `open`; `problem` is "insecure", "denied", "none", "in_use" or "other".
export class MicrophoneProblem extends Error {
  constructor(problem) {
    super(problem);
    this.problem = problem;
  }
}

export class Microphone {
  // `onLost` is called when the device is taken away while it is used.
  constructor({ onLost }) {
    this.stream = null;
    this.muted = false;
    this.onLost = onLost;
    this.level = 0;
    this.canvases = new Set();
  }

  static usable() { return window.isSecureContext && Boolean(navigator.mediaDevices?.getUserMedia); }

  static async present() {
    if (!Microphone.usable()) return false;
    return (await navigator.mediaDevices.enumerateDevices()).some((device) => device.kind === "audioinput");
  }

  get track() { return this.stream?.getAudioTracks()[0] ?? null; }

  get chosen() { return this.track?.getSettings().deviceId ?? localStorage.getItem(REMEMBERED) ?? ""; }

  async choices() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices.filter((device) => device.kind === "audioinput" && device.deviceId);
  }

  // Open it: the one named, else the one remembered, else the browser's own choice. Resolves to its track.
  async open(deviceId = localStorage.getItem(REMEMBERED)) {
    if (!Microphone.usable()) throw new MicrophoneProblem("insecure");
    const wanted = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    if (deviceId) wanted.deviceId = { ideal: deviceId };
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: wanted });
    } catch (error) {
      throw new MicrophoneProblem(PROBLEMS[error.name] ?? "other");
    }
    this.close();
    this.stream = stream;
    const { track } = this;
    track.enabled = !this.muted;
    track.addEventListener("ended", () => { if (this.track === track) this.onLost(); });
    localStorage.setItem(REMEMBERED, track.getSettings().deviceId ?? "");
    this.#measure();
    return track;
  }

  mute(on) {
    this.muted = on;
    if (this.track) this.track.enabled = !on;
  }

  close() {
    clearInterval(this.timer);
    this.context?.close();
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = this.context = null;
    this.level = 0;
    for (const canvas of this.canvases) draw(canvas, 0);
  }

  // Browsers hold the measuring back until somebody has clicked.
  wake() { if (this.context?.state === "suspended") this.context.resume(); }

  #measure() {
    this.context = new AudioContext();
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 512;
    this.context.createMediaStreamSource(this.stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      const decibels = power > 0 ? 10 * Math.log10(power) : -100;
      this.level = Math.min(1, Math.max(0, (decibels + 60) / 54)); // -60 dB: nothing, -6 dB: full
      for (const canvas of this.canvases) draw(canvas, this.muted ? 0 : this.level);
    }, METER_MILLISECONDS);
  }
}

const draw = (canvas, level) => {
  const pen = canvas.getContext("2d"), { width, height } = canvas, step = width / BARS;
  const colours = getComputedStyle(canvas);
  pen.clearRect(0, 0, width, height);
  for (let bar = 0; bar < BARS; bar += 1) {
    const lit = bar < Math.round(level * BARS);
    pen.fillStyle = colours.getPropertyValue(!lit ? "--meter-off" : bar > BARS - 3 ? "--meter-loud" : "--meter-on");
    pen.fillRect(bar * step, 0, step - 2, height);
  }
};
