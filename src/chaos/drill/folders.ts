/** Whether a runtime could keep its playbooks where the user's would: looked at, never written. */
import { accessSync, constants, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Why it could not, in words that end a sentence; undefined where it could. A folder that is not there would be made. */
export function whyNoPlaybooks(dir: string): string | undefined {
  const folder = resolve(dir)
  let found = folder
  try {
    let stat = statSync(found, { throwIfNoEntry: false })
    while (stat === undefined) {
      found = dirname(found)
      stat = statSync(found, { throwIfNoEntry: false })
    }
    if (!stat.isDirectory()) return `${found} is a file, and no folder`
    accessSync(found, constants.W_OK | constants.X_OK)
    return undefined
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? 'ERROR'
    return code === 'ENOTDIR' ? `${folder} lies below a file` : `${found} cannot be written to (${code})`
  }
}
