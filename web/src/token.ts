/** The token that came with the page's address, for all that the page asks the server. */

/** After the #, which is never sent to a server, or as a query, which people know. */
export function tokenOf(address: { hash: string; search: string }): string {
  return new URLSearchParams(address.hash.slice(1)).get('token') ?? new URLSearchParams(address.search).get('token') ?? ''
}

/** A page of ours with the same token behind the #; without a token it is the path alone. */
export function carry(path: string, token: string): string {
  return token === '' ? path : `${path}#${new URLSearchParams({ token }).toString()}`
}

/** This page's token, "" if it has none. */
export function pageToken(): string {
  return typeof location === 'undefined' ? '' : tokenOf(location)
}
