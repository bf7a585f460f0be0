/** Building and changing elements without innerHTML: whatever a publisher calls itself stays text. */

type Child = Node | string | null | undefined | false
type Value = string | number | boolean | undefined | ((event: Event) => void)

/** h('a', { class: 'link', href, onclick: fn }, 'text', child): functions become listeners, false and undefined leave out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, Value> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value)
    else setAttribute(element, name, value)
  }
  element.append(...children.filter((c): c is Node | string => c !== null && c !== undefined && c !== false))
  return element
}

const SVG = 'http://www.w3.org/2000/svg'

export function svg(tag: string, attributes: Record<string, string | number>, ...children: Node[]): SVGElement {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value))
  element.append(...children)
  return element
}

/** Sets the text if it is another one: screen readers and selections are left in peace. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text
}

export function setAttribute(element: Element, name: string, value: string | number | boolean | undefined): void {
  const text = value === true ? '' : value === false || value === undefined ? null : String(value)
  if (text === null) element.removeAttribute(name)
  else if (element.getAttribute(name) !== text) element.setAttribute(name, text)
}

/** The element that the page's HTML must have. */
export function need<T extends Element = HTMLElement>(selector: string): T {
  const element = document.querySelector<T>(selector)
  if (element === null) throw new Error(`no ${selector} in this page`)
  return element
}
