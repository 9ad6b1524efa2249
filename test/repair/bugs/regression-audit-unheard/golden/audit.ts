export class AuditTrail {
  readonly lines: string[]

  constructor(lines: string[] = []) {
    this.lines = [...lines]
  }

  note(what: string, name: string, who = 'somebody'): void {
    this.lines.push(`${who} ${what} ${name}`)
  }
}
