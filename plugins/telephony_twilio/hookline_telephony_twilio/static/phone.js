// The Twilio backend's browser phone: one call of Twilio's Voice SDK to our TwiML application, by a short-lived token.
// What every backend's browser phone shares (microphone, coming back, showing) is in Hookline's static/phone.js, which
// loads this module.

const PATIENCE_MILLISECONDS = 8000;

const beside = (name) => new URL(name + new URL(import.meta.url).search, import.meta.url);

// Connect. `send(message)` carries a message to the backend and resolves to its answer; `track` is the microphone's;
// `onSound(stream)` is given what is to be heard, `onState` "connected", "away" (may come back by itself) or "failed".
export const connect = async ({ send, track, onSound, onState }) => {
  await import(beside("./vendor/voice-sdk/twilio.min.js"));
  const told = await send({ want: "token" });
  const microphone = switchable(track);
  const device = makeDevice(told, microphone.stream, send);
  try {
    const call = await begun(device, told.leg);
    const samples = follow(call, onSound, onState);
    return {
      setTrack: async (other) => microphone.take(other),
      quality: async () => samples.last(),
      close: () => { samples.stop(); call.disconnect(); device.destroy(); microphone.close(); },
    };
  } catch (error) {
    device.destroy();
    microphone.close();
    throw error;
  }
};

// Without a network the SDK tries for ever; the desk wants to know, and tries again itself.
const begun = (device, leg) => new Promise((done, failed) => {
  const patience = setTimeout(() => failed(new Error("Twilio cannot be reached")), PATIENCE_MILLISECONDS);
  device.on("error", failed);
  device.connect({ params: { leg } }).then(done, failed).finally(() => clearTimeout(patience));
});

const makeDevice = (told, stream, send) => {
  const device = new globalThis.Twilio.Device(told.token, {
    edge: told.edge || "roaming",
    codecPreferences: ["opus", "pcmu"],
    getUserMedia: async () => stream,
    logLevel: "silent",
  });
  // The desk says by itself what goes on: no sounds of the SDK's own.
  for (const sound of ["incoming", "outgoing", "disconnect"]) device.audio?.[sound](false);
  device.on("tokenWillExpire", async () => device.updateToken((await send({ want: "token" })).token));
  return device;
};

// One stream for the whole call, whichever microphone speaks into it.
const switchable = (track) => {
  const context = new AudioContext();
  const out = context.createMediaStreamDestination();
  let source = null;
  const take = (other) => {
    source?.disconnect();
    source = context.createMediaStreamSource(new MediaStream([other]));
    source.connect(out);
  };
  take(track);
  return { stream: out.stream, take, close: () => context.close() };
};

const follow = (call, onSound, onState) => {
  let sample = null, told = "", over = false;
  const tell = (state) => { if (!over && told !== state) { told = state; onState(state); } };
  const heard = () => { const stream = call.getRemoteStream(); if (stream) onSound(stream); tell("connected"); };
  call.on("audio", (element) => { element.muted = true; }); // the desk plays it, on the speaker chosen there
  call.on("accept", heard);
  call.on("reconnecting", () => tell("away"));
  call.on("reconnected", heard);
  setTimeout(() => { if (told !== "connected") tell("failed"); }, PATIENCE_MILLISECONDS);
  for (const end of ["disconnect", "cancel", "reject", "error"]) call.on(end, () => tell("failed"));
  call.on("sample", (seen) => { sample = seen; });
  return { last: () => sample && quality(sample), stop: () => { over = true; } };
};

const quality = (seen) => ({
  loss: (seen.packetsLostFraction ?? 0) / 100,
  jitter: seen.jitter ?? 0,
  roundTrip: seen.rtt ?? null,
});
