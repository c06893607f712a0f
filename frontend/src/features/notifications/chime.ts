// Plays the sound of a finished video: two synthesized tones. Does nothing where sound is not available.

let context: AudioContext | null = null;

export function playChime(): void {
  try {
    context ??= new AudioContext();
    playTone(context, 660, 0);
    playTone(context, 880, 0.14);
  } catch {
    // No audio device, or not allowed.
  }
}

function playTone(audio: AudioContext, frequency: number, after: number): void {
  const start = audio.currentTime + after;
  const oscillator = new OscillatorNode(audio, { frequency, type: "sine" });
  const gain = new GainNode(audio, { gain: 0 });
  gain.gain.setValueAtTime(0, start);
  gain.gain.linearRampToValueAtTime(0.08, start + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, start + 0.6);
  oscillator.connect(gain).connect(audio.destination);
  oscillator.start(start);
  oscillator.stop(start + 0.7);
}
