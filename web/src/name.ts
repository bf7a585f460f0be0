/** Streams' names and where they stand in addresses. */

const SEGMENT = /^[A-Za-z0-9._~-]+$/
const MAX_NAME = 255

/** Whether a name can be a stream's: segments of [A-Za-z0-9._~-], none empty, "." or "..", 255 bytes at most. */
export function validName(name: string): boolean {
  return name.length <= MAX_NAME && name.split('/').every((s) => SEGMENT.test(s) && s !== '.' && s !== '..')
}

/** "live/demo" as it stands in a path. */
export function namePath(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/')
}

export function watchPath(name: string): string {
  return `/watch/${namePath(name)}`
}

export function dashboardPath(name: string): string {
  return `/dashboard/${namePath(name)}`
}

export function publishPath(name: string): string {
  return `/publish/${namePath(name)}`
}

/** Where it is found out why the stream does not play. */
export function diagnosePath(name: string): string {
  return `/diagnose/${namePath(name)}`
}

/** The stream's name in the path of its watch or publish page, or of its part of the dashboard, "" if there is none. */
export function nameFromPath(path: string): string {
  const match = /^\/(?:watch|publish|diagnose|dashboard)\/(.*?)\/?$/.exec(path)
  try {
    return decodeURIComponent(match?.[1] ?? '')
  } catch {
    return ''
  }
}
