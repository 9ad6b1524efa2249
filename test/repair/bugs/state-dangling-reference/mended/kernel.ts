/** Tickets and who reported them. */
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'

interface Person {
  id: string
  mail: string
}
interface Ticket {
  id: string
  reporter: string
  text: string
  open: boolean
}
interface DeskState {
  people: Person[]
  tickets: Ticket[]
}

const kernel = defineKernel({
  start(ctx: KernelContext<DeskState>) {
    const people = new Map((ctx.restored?.people ?? []).map((person) => [person.id, person]))
    const tickets = new Map((ctx.restored?.tickets ?? []).map((ticket) => [ticket.id, ticket]))

    function mailOf(ticket: Ticket): string {
      return people.get(ticket.reporter)?.mail ?? 'deleted'
    }
    return {
      api: {
        join(id: string, mail: string): void {
          people.set(id, { id, mail })
        },
        report(id: string, reporter: string, text: string): void {
          if (!people.has(reporter)) throw new Error(`Nobody is called ${reporter}.`)
          tickets.set(id, { id, reporter, text, open: true })
        },
        close(id: string): boolean {
          const ticket = tickets.get(id)
          if (ticket === undefined || !ticket.open) return false
          ticket.open = false
          return true
        },
        /** The open tickets, a line each. */
        digest(): string[] {
          const open = [...tickets.values()].filter((ticket) => ticket.open)
          return open.map((ticket) => `${ticket.id} ${ticket.text} (${mailOf(ticket)})`)
        },
      },
      snapshot: (): DeskState => ({ people: [...people.values()], tickets: [...tickets.values()] }),
    }
  },
})
export default kernel
export type Desk = KernelApi<typeof kernel>
