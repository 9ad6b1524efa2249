/** Builds the house: every store and tool of the lower floors for one fleet, joined by ports and not yet started. */
import { join } from 'node:path'
import type { BusTopics } from '../actor/kernel.ts'
import type { AgentsSpec } from '../base/agents-spec.ts'
import type { Clock } from '../base/clock.ts'
import { toRecord } from '../base/error-record.ts'
import type { LazaretError } from '../base/errors.ts'
import type { EventStream } from '../base/events.ts'
import type { Log } from '../base/log.ts'
import type { ApplyTo } from '../base/remedy.ts'
import type { FleetSpec } from '../base/spec.ts'
import { LogRing } from '../diagnostics/log-ring.ts'
import { SystemSampler } from '../diagnostics/system-sampler.ts'
import type { AlertTarget } from '../escalation/alert-options.ts'
import { AlertSender } from '../escalation/alert-sender.ts'
import { Incidents, incidentPayload } from '../escalation/incident.ts'
import { type Notice, Operators } from '../escalation/notify.ts'
import { claimsIn, taskPayload } from '../escalation/task.ts'
import type { Journal } from '../journal/journal.ts'
import { Heartbeat } from '../lifecycle/heartbeat.ts'
import { PlaybookRegistry } from '../playbook/registry.ts'
import { OutOfService } from '../quarantine/out-of-service.ts'
import { agentChain } from '../repair/agents/index.ts'
import { outsideAgents } from '../repair/agents/outside.ts'
import { HotfixStore } from '../repair/hotfix.ts'
import { SandboxPool } from '../repair/sandbox-pool.ts'
import { IntentStore } from '../repair/source-files.ts'
import { GoldenStore } from '../snapshot/golden.ts'
import { SnapshotStore } from '../snapshot/store.ts'
import { RuntimeBus } from './bus.ts'
import type { House } from './house.ts'
import { Inspections } from './inspections.ts'
import { missedNotices, openNotices } from './notices.ts'
import { PostOffice } from './post-office.ts'
import { RepairSwitch } from './repair-switch.ts'
import { Suggestions } from './suggestions.ts'
import { Unit } from './unit.ts'

export interface Furniture {
  readonly journal: Journal
  readonly events: EventStream
  readonly clock: Clock
  readonly log: Log
  readonly fleet: FleetSpec
  /** Repair agents from outside. */
  readonly agents: AgentsSpec
  /** Absolute paths. */
  readonly dataDir: string
  readonly quarantineDir: string
  readonly playbooksDir: string
  readonly trustAfter: number
  readonly applyTo: ApplyTo
  readonly notify: ((notice: Notice) => void | Promise<void>) | undefined
  readonly alerts: AlertTarget | undefined
  readonly rereadFleet: () => FleetSpec
  /** Why nothing can be sent now; undefined while the runtime runs. */
  readonly closed: () => LazaretError | undefined
}

export function furnish(given: Furniture): House {
  const { journal, events, clock, log, dataDir, quarantineDir, rereadFleet } = given
  const { emit } = events
  const report = (thrown: unknown) => {
    log.error({ error: toRecord(thrown) }, 'the runtime itself failed')
    emit('runtime.failed', undefined, { error: toRecord(thrown) })
  }
  const units = new Map<string, Unit>()
  // A tell after the end is an event to whoever still listens; there is no journal any more to keep it in.
  const addDeadLetter = (letter: Parameters<Journal['addDeadLetter']>[0]) => {
    if (journal.isOpen) journal.addDeadLetter(letter)
  }
  const office = new PostOffice(units, { clock, emit, closed: given.closed, addDeadLetter })
  for (const spec of given.fleet.kernels) {
    const unit: Unit = new Unit(spec, {
      nowMs: () => clock.monotonicMs(),
      deadLetter: (letter) => office.deadLetter(letter),
      reroute: (to, message) => office.reroute(unit, to, message),
      began: (message) => unit.recorder.delivered({ ...message, at: clock.now() }),
      skipped: ({ n }) => unit.recorder.skipped(n),
    })
    units.set(spec.id, unit)
    office.addKernel(spec.id, () => unit.spec.concurrency)
  }
  const { bus, incidents, outOfService, playbooks } = announcers(given)
  const open = () => openNotices({ incidents, units })
  const missed = () => missedNotices(journal)
  const alerts = given.alerts && new AlertSender({ target: given.alerts, emit, clock, open, missed })
  const operators = new Operators({ notify: given.notify, alerts, log, emit, clock })
  const compiledDir = process.env.NODE_COMPILE_CACHE ?? join(dataDir, 'compiled')
  const snapshots = new SnapshotStore(join(dataDir, 'snapshots'), clock, emit)
  return {
    ...{ clock, events, journal, units, office, bus, incidents, outOfService, snapshots, report },
    ...{ dataDir, quarantineDir, rereadFleet },
    goldens: new GoldenStore(snapshots),
    playbooks,
    hotfixes: new HotfixStore(join(dataDir, 'hotfixes')),
    intents: new IntentStore(join(dataDir, 'hotfixes')),
    repairs: new RepairSwitch(journal),
    suggestions: new Suggestions({ journal, clock, events, units, report }),
    applyTo: given.applyTo,
    logs: new LogRing(),
    sampler: new SystemSampler(clock),
    compiledDir,
    sandbox: new SandboxPool(compiledDir),
    agents: [...agentChain, ...outsideAgents(given.agents, [dataDir, quarantineDir])],
    heartbeat: new Heartbeat(clock, report),
    inspections: new Inspections(),
    ...{ operators, notify: (notice) => operators.tell(notice) },
  }
}

function newestPlaybooks(journal: Journal, kernel: string): BusTopics['playbook.changed'][] {
  const row = journal.playbookVersion(kernel)
  if (row === undefined) return []
  const { text: _, ...facts } = row
  return [facts]
}

/** The bus, and who speaks on it; a new subscriber is told what each of them holds now. */
function announcers(given: Furniture): Pick<House, 'bus' | 'incidents' | 'outOfService' | 'playbooks'> {
  const { journal, events, clock, trustAfter } = given
  const { emit } = events
  const bus: RuntimeBus = new RuntimeBus({
    'event.incident': () => incidents.list().map(incidentPayload),
    'system.degraded_mode': () => [outOfService.mode()],
    'coding_agent.task_create': () => journal.tasks({ status: 'open' }).map(taskPayload),
    'playbook.changed': () => playbooks.kernels().flatMap((kernel) => newestPlaybooks(journal, kernel)),
    'coding_agent.task_claimed': () => claimsIn(journal.tasks({ status: 'open' }), clock.now()),
  })
  const playbooks: PlaybookRegistry = new PlaybookRegistry(given.playbooksDir, emit, clock, {
    trustAfter,
    versions: {
      lastText: (kernel) => journal.playbookVersion(kernel)?.text,
      add({ text, ...facts }) {
        const at = clock.now()
        const version = journal.addPlaybookVersion({ ...facts, text, at })
        bus.publish('playbook.changed', { ...facts, version, at })
        return version
      },
    },
  })
  const outOfService = new OutOfService({
    ...{ emit, nowMs: () => clock.monotonicMs() },
    publish: (topic, payload) => bus.publish(topic, payload),
  })
  const incidents = new Incidents({
    ...{ clock, emit, publish: (topic, payload) => bus.publish(topic, payload) },
    store: {
      openIncident: (row) => journal.openIncident(row),
      updateIncident: (id, change) => void journal.updateIncident(id, change),
      openIncidents: () => journal.incidents({ status: 'open' }).toReversed(),
    },
  })
  return { bus, incidents, outOfService, playbooks }
}
