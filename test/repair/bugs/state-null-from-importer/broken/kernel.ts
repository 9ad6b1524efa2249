/** Contacts of a team. Birthdays are month and day, `03-04`. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'

interface Contact {
  id: string
  name: string
  birthday?: string
}
type Contacts = [id: string, contact: Contact][]

function readContact({ id, name, birthday }: Contact): Contact {
  if (typeof id !== 'string' || id === '') throw new Error('A contact has an id.')
  if (typeof name !== 'string' || name === '') throw new Error(`Contact ${id} has no name.`)
  if (birthday !== undefined && !/^\d\d-\d\d$/.test(birthday)) throw new Error(`${birthday} is no month and day.`)
  return { id, name, ...(birthday === undefined ? {} : { birthday }) }
}

const kernel = defineKernel({
  start(ctx: KernelContext<Contacts>) {
    const contacts = new Map(ctx.restored)

    return {
      api: {
        save(contact: Contact): string {
          const read = readContact(contact)
          contacts.set(read.id, read)
          return read.id
        },
        find: (id: string): Contact | null => contacts.get(id) ?? null,
        remove: (id: string): boolean => contacts.delete(id),
        /** Names of those born in this month, in the order of their days. */
        birthdays(month: string): string[] {
          const born = [...contacts.values()].filter(({ birthday }) => birthday?.startsWith(`${month}-`))
          return born.sort((a, b) => String(a.birthday).localeCompare(String(b.birthday))).map(({ name }) => name)
        },
        count: (): number => contacts.size,
      },
      snapshot: (): Contacts => [...contacts],
    }
  },
})
export default kernel
export type ContactBook = KernelApi<typeof kernel>
