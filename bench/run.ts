/** `npm run -s bench -- <subject>`: claims are measured here, as ratios in one run. Each subject is a file beside this. */
const subjects = ['dashboard', 'failover', 'sandbox']

const [name = '', ...args] = process.argv.slice(2)
if (subjects.includes(name)) {
  const subject = (await import(`./${name}.ts`)) as Record<string, (args: readonly string[]) => Promise<void>>
  await subject[name]?.(args)
} else {
  process.stderr.write(`bench: a subject is one of ${subjects.join(', ')}. Got: ${JSON.stringify(name)}\n`)
  process.exitCode = 2
}
