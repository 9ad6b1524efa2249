/**
 * The story of an incident as one HTML file that needs no script and asks for nothing: the page's own views, built for
 * Node by `vite build --ssr`. The styles are the page's, too.
 */
import { renderToString } from 'preact-render-to-string'
import type { Story } from '../story-shape.ts'
import storyCss from './story/story.css?inline'
import { StoryArticle } from './story/story.tsx'
import { moment } from './story/words.ts'
import themeCss from './theme.css?inline'

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone

export function storyFile(story: Story): string {
  const { incident, headline } = story
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(`${incident.kernel}: ${headline.what}`)}</title>
<style>${themeCss}${storyCss}</style>
</head>
<body>
<main>
${renderToString(<StoryArticle story={story} />)}
<footer class="quiet"><p>Written ${moment(story.at)} by Lazaret; times are of ${escaped(zone())}. What looked like a secret was struck out.</p></footer>
</main>
</body>
</html>
`
}
