// The SIP backend's browser phone: one WebRTC connection with the conversation's cell. What every backend's browser
// phone shares (microphone, coming back, showing) is in Hookline's static/phone.js, which loads this module.

const GATHER_MILLISECONDS = 1000;
const WATCH_MILLISECONDS = 500;
const QUIET_LOOKS = 4; // the cell always sends, silence too: two seconds without a packet are a loss

// Connect. `send(message)` carries a message to the backend and resolves to its answer; `track` is the microphone's;
// `onSound(stream)` is given what is to be heard, `onState` "connected", "away" (may come back by itself) or "failed".
export const connect = async ({ send, track, onSound, onState }) => {
  const { ice_servers: iceServers } = await send({ type: "begin" });
  const peer = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
  const line = peer.addTransceiver(track, { direction: "sendrecv" });
  preferTelephone(line);
  peer.addEventListener("track", (event) => onSound(new MediaStream([event.track])));
  const watch = watchSound(peer, onState);
  try {
    await peer.setLocalDescription();
    await gathered(peer);
    const { sdp } = await send({ type: "offer", sdp: peer.localDescription.sdp });
    await peer.setRemoteDescription({ type: "answer", sdp });
  } catch (error) {
    watch.stop();
    peer.close();
    throw error;
  }
  return {
    setTrack: (other) => line.sender.replaceTrack(other),
    quality: () => quality(peer, watch),
    close: () => { watch.stop(); peer.close(); },
  };
};

// The network beyond speaks G.711: saying so at once saves a conversion at the far side and its delay.
const preferTelephone = (line) => {
  const known = RTCRtpReceiver.getCapabilities?.("audio")?.codecs ?? [];
  const telephone = known.filter((codec) => codec.mimeType === "audio/PCMU");
  if (telephone.length && line.setCodecPreferences) line.setCodecPreferences(telephone);
};

const gathered = (peer) => new Promise((done) => {
  const look = () => { if (peer.iceGatheringState === "complete") done(); };
  peer.addEventListener("icegatheringstatechange", look);
  setTimeout(done, GATHER_MILLISECONDS);
  look();
});

const reports = async (peer) => [...(await peer.getStats()).values()];
const incoming = (all) => all.find((item) => item.type === "inbound-rtp" && item.kind === "audio");

// "connected" with the first packet, "away" when none comes any more.
const watchSound = (peer, onState) => {
  let packets = 0, quiet = 0, told = "";
  const tell = (state) => { if (told !== state) { told = state; onState(state); } };
  const look = async () => {
    if (peer.connectionState === "failed" || peer.connectionState === "closed") { tell("failed"); return; }
    const now = incoming(await reports(peer))?.packetsReceived ?? 0;
    if (now > packets) { packets = now; quiet = 0; tell("connected"); return; }
    quiet += 1;
    if (told === "connected" && quiet >= QUIET_LOOKS) tell("away");
  };
  const timer = setInterval(look, WATCH_MILLISECONDS);
  peer.addEventListener("connectionstatechange", look);
  return { stop: () => { clearInterval(timer); told = "stopped"; onState = () => {}; }, before: null };
};

// Since the last question: share of packets lost (the worse direction), jitter and round trip in milliseconds.
const quality = async (peer, watch) => {
  const all = await reports(peer);
  const heard = incoming(all), told = all.find((item) => item.type === "remote-inbound-rtp");
  if (!heard) return null;
  const before = watch.before ?? { got: 0, lost: 0 };
  const got = heard.packetsReceived - before.got, lost = Math.max(0, heard.packetsLost - before.lost);
  watch.before = { got: heard.packetsReceived, lost: heard.packetsLost };
  const here = got + lost ? lost / (got + lost) : 0;
  return {
    loss: Math.max(here, told?.fractionLost ?? 0),
    jitter: (heard.jitter ?? 0) * 1000,
    roundTrip: told?.roundTripTime === undefined ? null : told.roundTripTime * 1000,
  };
};
