/** Styles are the bundler's business; an import of them gives nothing. */
declare module '*.css'
