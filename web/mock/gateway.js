/*
 * A gateway inside the page, for development and page tests: answers POST /whep/… with a real RTCPeerConnection that
 * sends a drawn picture and a tone, and POST /whip/… with one that receives. window.mockGateway decides what it does
 * and plays the publisher.
 */
;(() => {
  const realFetch = window.fetch.bind(window)
  const wanted = new URLSearchParams(location.search).get('gateway')
  const peers = []
  /** The peer and the offer of each session, by its path. */
  const sessions = new Map()
  const gateway = {
    /** 'play', 'down' (no HTTP answer), 'no-udp', 'mute-picture' (sound only), 'network' (leave it to the server) or {status, headers, body}. */
    mode: wanted ?? 'play',
    posts: 0,
    restarts: 0,
    /** The Authorization header of the last POST. */
    authorization: null,
    /** Further headers of the next 201. */
    headers: {},
    /** The offer of the last POST. */
    offer: '',
    picture: () => picture(),
    tone: () => tone(),
    /** What the last publisher has sent so far. */
    async received() {
      const out = { frames: 0, audioPackets: 0, width: 0, height: 0, codec: '', audioEnergy: 0 }
      const report = await peers.at(-1)?.getStats()
      report?.forEach((r) => {
        if (r.type !== 'inbound-rtp') return
        if (r.kind === 'audio') Object.assign(out, { audioPackets: r.packetsReceived, audioEnergy: r.totalAudioEnergy })
        else Object.assign(out, { frames: r.framesDecoded, width: r.frameWidth, height: r.frameHeight, codec: report.get(r.codecId)?.mimeType })
      })
      return out
    },
    /** The publisher stops sending; sessions stand. */
    async pause() {
      for (const p of peers) for (const s of p.getSenders()) await s.replaceTrack(null)
    },
    async resume() {
      const media = source()
      for (const p of peers) {
        for (const t of p.getTransceivers()) {
          await t.sender.replaceTrack(media.getTracks().find((m) => m.kind === t.receiver.track.kind) ?? null)
        }
      }
    },
    /** The server ends all sessions. */
    leave() {
      for (const p of peers.splice(0)) p.close()
    },
  }
  window.mockGateway ??= gateway
  if (window.mockGateway !== gateway) return

  window.fetch = (input, init) => {
    const path = new URL(String(input), location.href).pathname
    const { mode } = gateway
    if (init?.method === 'PATCH' && sessions.has(path)) return restart(sessions.get(path), init.body)
    if (init?.method !== 'POST' || !/^\/wh[ie]p\//.test(path)) return realFetch(input, init)
    gateway.posts++
    gateway.offer = init.body
    gateway.authorization = init.headers?.Authorization ?? null
    if (mode === 'network') return realFetch(input, init)
    if (mode === 'down') return Promise.reject(new TypeError('Failed to fetch'))
    if (typeof mode === 'object') return Promise.resolve(new Response(mode.body ?? '', mode))
    return answer(init.body, mode, path.startsWith('/whip/'))
  }

  async function answer(offer, mode, publishes) {
    const pc = new RTCPeerConnection()
    peers.push(pc)
    await pc.setRemoteDescription({ type: 'offer', sdp: offer })
    if (publishes) watch(pc)
    else send(pc, mode)
    await pc.setLocalDescription(await pc.createAnswer())
    if (mode !== 'no-udp') await gathered(pc)
    const location = `/sessions/mock-${gateway.posts}`
    sessions.set(location, { pc, offer })
    const sdp = pc.localDescription.sdp
    return new Response(mode === 'no-udp' ? sdp.replace(/a=candidate.*\r\n/g, '') : sdp, {
      status: 201,
      headers: { 'Content-Type': 'application/sdp', Location: location, ETag: '"1"', ...gateway.headers },
    })
  }

  function send(pc, mode) {
    const media = source()
    for (const track of media.getTracks()) {
      if (mode !== 'mute-picture' || track.kind === 'audio') pc.addTrack(track, media)
    }
    for (const t of pc.getTransceivers()) t.direction = 'sendonly'
  }

  /** Browsers decode only what somebody looks at and listens to. */
  function watch(pc) {
    const video = document.createElement('video')
    video.srcObject = new MediaStream(pc.getReceivers().map((r) => r.track))
    void video.play().catch(() => {})
  }

  async function restart({ pc, offer }, fragment) {
    gateway.restarts++
    const [ufrag, pwd] = ['ufrag', 'pwd'].map((key) => new RegExp(`a=ice-${key}:(.*)`).exec(fragment)[1])
    const sdp = offer.replace(/a=ice-ufrag:.*/g, `a=ice-ufrag:${ufrag}`).replace(/a=ice-pwd:.*/g, `a=ice-pwd:${pwd}`)
    await pc.setRemoteDescription({ type: 'offer', sdp: sdp.replace(/^(o=\S+ \S+ )\d+/m, `$1${gateway.restarts + 5}`) })
    await pc.setLocalDescription(await pc.createAnswer())
    await gathered(pc)
    const lines = pc.localDescription.sdp.split('\r\n').filter((l) => /^(m=|a=(mid|ice-|candidate))/.test(l))
    return new Response(lines.join('\r\n') + '\r\n', { status: 200, headers: { ETag: `"r${gateway.restarts}"` } })
  }

  async function gathered(pc) {
    await new Promise((resolve) => {
      const done = () => pc.iceGatheringState === 'complete' && resolve()
      pc.addEventListener('icegatheringstatechange', done)
      done()
    })
  }

  let media = null
  function source() {
    media ??= new MediaStream([...picture().getTracks(), ...tone().getTracks()])
    return media
  }

  function tone() {
    const audio = new AudioContext()
    const oscillator = audio.createOscillator()
    const gain = audio.createGain()
    gain.gain.value = 0.1
    const out = audio.createMediaStreamDestination()
    oscillator.connect(gain).connect(out)
    oscillator.start()
    return out.stream
  }

  function picture() {
    const canvas = document.createElement('canvas')
    canvas.width = 1280
    canvas.height = 720
    const g = canvas.getContext('2d')
    const draw = () => {
      const t = Date.now() / 1000
      const sky = g.createLinearGradient(0, 0, 0, 720)
      sky.addColorStop(0, '#16324a')
      sky.addColorStop(0.62, '#d98e5f')
      sky.addColorStop(0.63, '#14323a')
      sky.addColorStop(1, '#0a1a20')
      g.fillStyle = sky
      g.fillRect(0, 0, 1280, 720)
      g.fillStyle = '#f7d9a3'
      g.beginPath()
      g.arc(880, 400, 60, 0, 7)
      g.fill()
      for (let i = 0; i < 9; i++) {
        g.fillStyle = `rgb(79 208 194 / ${0.05 + 0.02 * i})`
        g.beginPath()
        g.moveTo(0, 720)
        for (let x = 0; x <= 1280; x += 20) g.lineTo(x, 470 + i * 28 + Math.sin(x / (90 + i * 12) + t * (1 + i / 4)) * 8)
        g.lineTo(1280, 720)
        g.fill()
      }
      g.fillStyle = '#fff'
      g.font = '600 64px monospace'
      g.fillText(new Date().toISOString().slice(11, 23), 64, 120)
    }
    setInterval(draw, 33)
    draw()
    return canvas.captureStream(30)
  }
})()
