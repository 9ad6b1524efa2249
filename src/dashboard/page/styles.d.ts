/** Styles are the bundler's business; an import of them gives nothing, with `?inline` their text. */
declare module '*.css'
declare module '*.css?inline' {
  const text: string
  export default text
}
