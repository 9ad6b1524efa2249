/**
 * The story of an incident as one HTML file: no script, no request, light and dark, to be read anywhere and printed. It is
 * made of the page's own views, which `npm run build:page` builds for Node as well.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { LazaretError } from '../base/errors.ts'
import type { Story } from './story-shape.ts'

/** Beside the compiled source, or where the sources are run as they are. */
const builtViews = new URL(
  import.meta.url.includes('/dist/') ? '../../page-static/static.js' : '../../dist/page-static/static.js',
  import.meta.url,
)

/** For whoever opens it where it is served: it runs nothing and asks for nothing. */
export const incidentPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

interface Views {
  storyFile(story: Story): string
}

/** @throws LazaretError DASHBOARD_FAILED where the views have not been built. */
export async function incidentHtml(story: Story, views: URL = builtViews): Promise<string> {
  if (!existsSync(fileURLToPath(views))) {
    throw new LazaretError('DASHBOARD_FAILED', `The views of the dashboard are not in ${fileURLToPath(views)}.`, {
      hint: 'Build them: npm run build:page',
    })
  }
  const { storyFile } = (await import(views.href)) as Views
  return storyFile(story)
}

/** Of an incident's file: its id holds nothing that a file system minds. */
export function incidentFileName(id: string): string {
  return `${id.replace(/[^\w.-]/g, '_')}.html`
}
