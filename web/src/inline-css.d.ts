/** A style sheet as text, by the bundler. */
declare module '*.css?inline' {
  const text: string
  export default text
}
