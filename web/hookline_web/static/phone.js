// The browser as a phone, whatever the backend: gets the microphone, loads the backend's module, connects, and comes
// back by itself after a reload, a closed lid or a lost network. The server keeps the customer meanwhile.
//
// A backend's module exports `connect({ send, track, onSound, onState })`; see plugins/telephony_sip, static/phone.js.
// The desk uses this, and whoever else has a leg in the browser: a supervisor who listens, whispers or barges.

// By the version that this file was asked for: browsers keep static files for long.
const beside = (name) => new URL(name + new URL(import.meta.url).search, import.meta.url);
const { Microphone, MicrophoneProblem } = await import(beside("./microphone.js"));

const TRY_MILLISECONDS = [0, 300, 700, 1000, 1000, 2000];
const ANSWER_MILLISECONDS = 4000;
const COME_MILLISECONDS = 3000;
const NAP_MILLISECONDS = 3000; // a timer that is so late has slept: the lid was closed
const anyName = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16).padStart(8, "0")).join("");

// Thrown by `send` where the server has decided: trying again is no use.
class Decided extends Error {
  constructor(state) {
    super(state);
    this.state = state;
  }
}

export { Microphone };

export class Phone {
  // `leg`: the leg's id; `module`: the address of the backend's module; `post`: where messages go; `token`: the CSRF
  // token; `page`: the name by which the server tells windows apart; `listenOnly`: whoever has no microphone, or gives
  // none, listens. `onChange(phone)` is called at each change.
  //
  // `state`: "starting", "microphone" (see `problem`), "connecting", "connected", "away" (coming back by itself),
  // "elsewhere" (another page is the phone), "gone" (the leg has ended), "closed".
  constructor({ leg, module, post, token, page = anyName(), listenOnly = false, onChange = () => {} }) {
    Object.assign(this, { leg, module, post, token, page, listenOnly, onChange });
    this.state = "starting";
    this.problem = "";
    this.barred = false; // tries have failed though the server answered: the sound does not get through
    this.blocked = false; // the browser will not play sound before a click
    this.handle = null;
    this.attempt = 0;
    this.sending = null;
    this.wakeUp = () => {};
    this.microphone = new Microphone({ onLost: () => this.#replug() });
    this.speaker = new Audio();
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    window.addEventListener("online", () => { this.sending?.abort(); this.#wake(); }, { signal });
    window.addEventListener("focus", () => this.#wake(), { signal });
    window.addEventListener("pageshow", (event) => { if (event.persisted) this.#lose("away"); }, { signal });
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.#wake(); }, { signal });
    window.addEventListener("pagehide", () => this.handle?.close(), { signal });
    navigator.mediaDevices?.addEventListener("devicechange", () => this.#devicesChanged(), { signal });
    let seen = Date.now();
    this.clock = setInterval(() => {
      const slept = Date.now() - seen > NAP_MILLISECONDS;
      seen = Date.now();
      if (slept && this.state === "connected") this.#lose("away");
      if (slept) this.#wake();
    }, 1000);
  }

  // Begin, or begin again after a problem or in another page's stead.
  async start({ take = true } = {}) {
    this.#set("starting");
    this.problem = "";
    try {
      this.track = await this.microphone.open();
    } catch (error) {
      if (!(error instanceof MicrophoneProblem)) throw error;
      if (this.state === "closed") return;
      this.problem = error.problem;
      if (!this.listenOnly) {
        this.#set("microphone");
        if (this.problem === "denied") this.#awaitPermission();
        return;
      }
      this.track = silence();
    }
    if (this.state === "closed") { this.microphone.close(); return; } // while the browser asked
    this.take = take;
    this.#set("connecting");
    this.#come();
  }

  async choose(deviceId) {
    try {
      this.track = await this.microphone.open(deviceId);
    } catch (error) {
      this.problem = error.problem ?? "other";
      this.onChange(this);
      return;
    }
    this.problem = "";
    await this.handle?.setTrack(this.track);
    this.onChange(this);
  }

  mute(on) { this.microphone.mute(on); }

  // After a click: browsers let sound out only then.
  async listen() {
    this.microphone.wake();
    if (!this.speaker.srcObject) return;
    try {
      await this.speaker.play();
      this.blocked = false;
    } catch (error) {
      if (error.name === "NotAllowedError") this.blocked = true;
    }
    this.onChange(this);
  }

  quality() { return this.state === "connected" ? this.handle?.quality() : null; }

  close() {
    clearInterval(this.clock);
    this.listeners.abort();
    this.#stop("closed");
  }

  #set(state) {
    if (this.state === state) return;
    this.state = state;
    this.onChange(this);
  }

  #stop(state) {
    this.attempt += 1;
    this.wakeUp();
    this.handle?.close();
    this.handle = null;
    this.speaker.srcObject = null;
    this.microphone.close();
    this.#set(state);
  }

  #lose(state) {
    if (this.state !== "connected") return;
    this.#set(state);
    this.#come();
  }

  #wake() {
    this.microphone.wake();
    this.wakeUp();
  }

  // Try until it works, more and more slowly; something that wakes us makes the next try come at once.
  async #come() {
    const mine = ++this.attempt;
    for (let tries = 0; this.attempt === mine; tries += 1) {
      const wait = TRY_MILLISECONDS[Math.min(tries, TRY_MILLISECONDS.length - 1)];
      await Promise.race([sleep(wait), new Promise((done) => { this.wakeUp = done; })]);
      if (this.attempt !== mine || this.state === "connected") return;
      try {
        if (await this.#connect(mine)) return;
      } catch (error) {
        if (this.attempt !== mine) return;
        if (error instanceof Decided) { this.#stop(error.state); return; }
      }
    }
  }

  // One try. What was there before is kept until the new one is heard: it may be back by itself sooner. But once the new
  // one is heard it is the one that the server hears.
  async #connect(mine) {
    const { connect } = await import(this.module);
    let heard;
    const came = new Promise((done) => { heard = done; });
    let handle = null, sound = null;
    handle = await connect({
      send: (message) => this.#send(message),
      track: this.track,
      onSound: (stream) => { sound = stream; if (this.handle === handle && handle) this.#play(stream); },
      onState: (state) => {
        if (state === "connected") heard(true);
        if (this.handle !== null && this.handle === handle) {
          if (state === "connected" && this.state === "away") { this.#set("connected"); this.wakeUp(); }
          if (state !== "connected") this.#lose("away");
        }
        if (state === "failed") heard(false);
      },
    });
    const there = await Promise.race([came, sleep(COME_MILLISECONDS).then(() => false)]);
    if (this.attempt !== mine || !there) {
      handle.close();
      if (this.attempt === mine && this.state === "connecting") { this.barred = true; this.onChange(this); }
      return this.attempt !== mine;
    }
    this.handle?.close();
    this.handle = handle;
    this.take = this.barred = false;
    if (sound) this.#play(sound);
    this.#set("connected");
    return true;
  }

  async #send(message) {
    const sending = this.sending = new AbortController();
    const late = setTimeout(() => sending.abort(), ANSWER_MILLISECONDS);
    const answer = await fetch(this.post, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": this.token },
      body: JSON.stringify({ leg_id: this.leg, page: this.page, take: this.take, message }),
      signal: sending.signal,
    }).finally(() => clearTimeout(late));
    if (answer.status === 401) { window.location.reload(); throw new Decided("gone"); }
    if (answer.status === 404) throw new Decided("gone");
    if (answer.status === 409) throw new Decided("elsewhere");
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return answer.json();
  }

  #play(stream) {
    this.speaker.srcObject = stream;
    this.listen();
  }

  // The device is gone: go on with another, if there is one.
  async #replug() {
    if (["closed", "gone", "elsewhere"].includes(this.state)) return;
    await this.choose("");
  }

  // Once the person has allowed it, by the browser's own means, go on without a click.
  async #awaitPermission() {
    const permission = await navigator.permissions?.query({ name: "microphone" }).catch(() => null);
    permission?.addEventListener("change", () => {
      if (permission.state === "granted" && this.state === "microphone") this.start();
    }, { signal: this.listeners.signal, once: true });
  }

  async #devicesChanged() {
    if (this.state === "microphone" && this.problem !== "denied") { await this.start(); return; }
    this.onChange(this);
  }
}

const sleep = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });

// The phone of a supervisor who is at an agent's line, in whatever page: null where he listens by a telephone or not at
// all. `address` tells which leg it is (see views/phone.py).
export const supervisorsPhone = async ({ address, token, onChange }) => {
  const answer = await fetch(address);
  const found = answer.ok ? await answer.json() : {};
  return found.leg ? new Phone({ ...found, token, listenOnly: true, onChange }) : null;
};

const silence = () => new AudioContext().createMediaStreamDestination().stream.getAudioTracks()[0];
