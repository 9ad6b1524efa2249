/** The same views for Node, built by \`vite build --ssr\`: an incident as markup that needs no script. */
import { renderToString } from 'preact-render-to-string'

export const render = renderToString
