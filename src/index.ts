/** The public surface. Kernels import `lazaret/kernel`; faults are `lazaret/chaos`; tests use `lazaret/testing`. */

export {
  type AskOptions,
  type KernelApi,
  type Proxied,
  proxy,
  type Ref,
  type Remote,
  transfer,
} from './actor/kernel.ts'
export type { Clock } from './base/clock.ts'
export type { ErrorRecord } from './base/error-record.ts'
export { type ErrorCode, errorCatalogue, LazaretError } from './base/errors.ts'
export { type EventType, eventTypes, type LazaretEvent } from './base/events.ts'
export { limits } from './base/limits.ts'
export type { Remedy, RemedyStep, Verdict } from './base/remedy.ts'
export type { InspectedActor, InspectedRecord } from './chart/inspected.ts'
export type { DashboardHandler } from './dashboard/mount.ts'
export type { DashboardHandlerOptions, DashboardOptions } from './dashboard/options.ts'
export type { DashboardServer } from './dashboard/serve.ts'
export type { AlertOptions } from './escalation/alert-options.ts'
export type { Notice } from './escalation/notify.ts'
export { lifecycleMachine } from './lifecycle/machine.ts'
export type { Playbook } from './playbook/schema.ts'
export type { DryStep } from './repair/dry-run.ts'
export { createRuntime, type KernelHandle, type Runtime } from './runtime.ts'
export type { RuntimeOptions } from './runtime-options.ts'
export { type AgentsInput, type FleetInput, type KernelInput, loadFleet } from './supervisor/fleet.ts'
export type { HistoryPage, HistoryStep } from './supervisor/history.ts'
export type { HotfixDesk } from './supervisor/hotfix-desk.ts'
export type { TrafficLink } from './supervisor/links.ts'
export type { PlaybookDesk } from './supervisor/playbook-commands.ts'
export type { RepairsState } from './supervisor/repair-switch.ts'
export type { DeadLettersReplayed } from './supervisor/replay.ts'
export type { ReplayOptions } from './supervisor/replay-choice.ts'
export type { KernelStatus } from './supervisor/status.ts'
export type { Submitted } from './supervisor/submission.ts'
export type { TakenOver } from './supervisor/taking-over.ts'
export type { SubmitOptions, TaskDesk } from './supervisor/task-desk.ts'
export type { TaskDetail } from './supervisor/task-detail.ts'
export type { Tried } from './supervisor/try-out.ts'
