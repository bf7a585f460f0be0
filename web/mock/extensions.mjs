/**
 * The extensions of WHEP sessions (events, layer choice), as connect-style middleware: all sessions have the layers that
 * layers() gives; choose(body) is told what is chosen.
 */
export function mockExtensions(layers, choose) {
  return (request, response, next) => {
    const path = new URL(request.url, 'http://mock').pathname
    if (!path.startsWith('/sessions/')) return next()
    if (request.method === 'POST' && path.endsWith('/sse')) {
      response.writeHead(201, { Location: `${path}/1` })
      return response.end()
    }
    if (request.method === 'POST' && path.endsWith('/layer')) return void readBody(request).then((body) => (choose(body), response.end()))
    if (request.method !== 'GET' || !path.endsWith('/sse/1')) return next()
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    response.write(`event: layers\ndata: ${JSON.stringify(layers())}\n\n`)
  }
}

/** What a session's 201 says about them. */
export function extensionLinks(session) {
  const urn = 'urn:ietf:params:whep:ext:core:'
  return `<${session}/sse>; rel="${urn}server-sent-events"; events="layers", <${session}/layer>; rel="${urn}layer"`
}

async function readBody(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
