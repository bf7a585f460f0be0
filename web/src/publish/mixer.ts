/** Sound of several sources as one track, and how loud it is. Made when it is first needed: it costs a little delay. */
export class Mixer {
  #context: AudioContext | null = null
  #out: MediaStreamAudioDestinationNode | null = null
  #inputs = new Map<MediaStreamTrack, MediaStreamAudioSourceNode>()
  #analyser: AnalyserNode | null = null
  #measured: { track: MediaStreamTrack; node: MediaStreamAudioSourceNode } | null = null
  #samples = new Float32Array(1024)

  /** One track of them all: none, the track itself, or a mixture. */
  mix(tracks: MediaStreamTrack[]): MediaStreamTrack | null {
    for (const [track, node] of this.#inputs) {
      if (tracks.includes(track) && tracks.length > 1) continue
      node.disconnect()
      this.#inputs.delete(track)
    }
    if (tracks.length < 2) return tracks[0] ?? null
    const context = this.#running()
    this.#out ??= context.createMediaStreamDestination()
    for (const track of tracks) {
      if (this.#inputs.has(track)) continue
      const node = context.createMediaStreamSource(new MediaStream([track]))
      node.connect(this.#out)
      this.#inputs.set(track, node)
    }
    return this.#out.stream.getAudioTracks()[0] ?? null
  }

  /** How loud the track is at the moment, 0..1 on a scale that looks like hearing. */
  level(track: MediaStreamTrack | null): number {
    if (track === null || !track.enabled) return 0
    this.#listenTo(track)
    const analyser = this.#analyser
    if (analyser === null) return 0
    analyser.getFloatTimeDomainData(this.#samples)
    const peak = this.#samples.reduce((max, s) => Math.max(max, Math.abs(s)), 0)
    return loudness(peak)
  }

  close(): void {
    void this.#context?.close()
    this.#context = this.#out = this.#analyser = this.#measured = null
    this.#inputs.clear()
  }

  #listenTo(track: MediaStreamTrack): void {
    if (this.#measured?.track === track) return
    this.#measured?.node.disconnect()
    const context = this.#running()
    this.#analyser ??= new AnalyserNode(context, { fftSize: this.#samples.length })
    const node = context.createMediaStreamSource(new MediaStream([track]))
    node.connect(this.#analyser)
    this.#measured = { track, node }
  }

  #running(): AudioContext {
    this.#context ??= new AudioContext({ latencyHint: 'interactive' })
    // Browsers let it run as soon as the page captures or has been clicked on.
    if (this.#context.state === 'suspended') void this.#context.resume()
    return this.#context
  }
}

/** Sixty decibels are the range that a meter shows. */
export function loudness(peak: number): number {
  return peak <= 0 ? 0 : Math.min(1, Math.max(0, 1 + Math.log10(peak) / 3))
}
