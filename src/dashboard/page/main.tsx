/** The page in a browser: the frame around the views, and what is said to the user. */
import { render } from 'preact'
import { App } from './app.tsx'
import { watchArrivals } from './arrival.ts'
import { watchPlace } from './route.ts'
import { follow } from './store.ts'

const root = document.getElementById('app')
if (root !== null) {
  watchPlace()
  render(<App />, root)
  watchArrivals()
  void follow()
}
