const field = /\{(\w+)\}/g

export function fieldsOf(text: string): string[] {
  return [...new Set([...text.matchAll(field)].map(([, name = '']) => name))]
}

/** Calls back in a later turn, so that a long text does not hold up whoever asks. */
export function renderTemplate(
  text: string,
  values: Record<string, string>,
  done: (error: Error | null, rendered: string) => void,
): void {
  setImmediate(() => {
    const missing = fieldsOf(text).filter((name) => !Object.hasOwn(values, name))
    const error = missing.length > 0 ? new Error(`There is no value for ${missing.join(', ')}.`) : null
    done(error, text.replace(field, (_, name: string) => values[name] ?? ''))
  })
}
