import { defineKernel, type KernelContext } from 'lazaret/kernel'
import { AuditTrail } from './audit.ts'

interface Document {
  name: string
  text: string
  owner?: string
}

export default defineKernel({
  start(ctx: KernelContext<{ documents: Document[]; audit: string[] }>) {
    const documents = new Map((ctx.restored?.documents ?? []).map((document) => [document.name, document]))
    const audit = new AuditTrail(ctx.restored?.audit)

    function documentOf(name: string): Document {
      const document = documents.get(name)
      if (document === undefined) throw new Error(`there is no document ${name}`)
      return document
    }

    return {
      api: {
        write(name: string, text: string, owner?: string): number {
          documents.set(name, { name, text, ...(owner === undefined ? {} : { owner }) })
          audit.note('wrote', name, owner)
          return text.length
        },
        read(name: string, reader?: string): string {
          const { text } = documentOf(name)
          audit.note('read', name, reader)
          return text
        },
        remove(name: string, by?: string): boolean {
          documentOf(name)
          audit.note('removed', name, by)
          return documents.delete(name)
        },
        trail: () => audit.lines,
      },
      snapshot: () => ({ documents: [...documents.values()], audit: audit.lines }),
    }
  },
})
